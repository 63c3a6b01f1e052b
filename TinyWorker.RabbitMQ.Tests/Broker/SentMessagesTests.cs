using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class SentMessagesTests
{
    private readonly List<(Publication Publication, PublishOutcome Outcome)> _taken = [];

    private IEnumerable<(string, PublishOutcome)> Taken => _taken.Select(each => (each.Publication.Properties.MessageId!, each.Outcome));

    [Test]
    public void Take_OfOneNumber_TakesThatMessageAlone()
    {
        var sent = With(4, "a", "b", "c");
        sent.Take(2, multiple: false, PublishOutcome.Stored, _taken);
        Assert.That(Taken, Is.EqualTo(new[] { ("b", PublishOutcome.Stored) }));
        Assert.That(sent.Count, Is.EqualTo(2));
    }

    [Test]
    public void Take_OfSeveral_TakesAllUpToTheNumberThatAreLeft()
    {
        var sent = With(8, "a", "b", "c", "d");
        sent.Take(2, multiple: false, PublishOutcome.Rejected, _taken);
        sent.Take(3, multiple: true, PublishOutcome.Stored, _taken);
        Assert.That(
            Taken, Is.EqualTo(new[] { ("b", PublishOutcome.Rejected), ("a", PublishOutcome.Stored), ("c", PublishOutcome.Stored) }));
        Assert.That(sent.Count, Is.EqualTo(1));
    }

    [Test]
    public void Take_OfANumberThatWasAnsweredOrNeverSent_TakesNothing()
    {
        var sent = With(8, "a", "b");
        sent.Take(1, multiple: true, PublishOutcome.Stored, _taken);
        _taken.Clear();
        sent.Take(1, multiple: false, PublishOutcome.Stored, _taken);
        sent.Take(3, multiple: true, PublishOutcome.Stored, _taken);
        Assert.That(_taken, Is.Empty);
    }

    [Test]
    public void Returned_ThenConfirmed_EndsAsReturned()
    {
        var sent = With(8, "a", "b", "c");
        sent.MarkReturned("b");
        sent.Take(3, multiple: true, PublishOutcome.Stored, _taken);
        Assert.That(
            Taken,
            Is.EqualTo(new[] { ("a", PublishOutcome.Stored), ("b", PublishOutcome.Returned), ("c", PublishOutcome.Stored) }));
    }

    [Test]
    public void Returned_TwiceWithTheSameId_IsAboutTwoMessages()
    {
        var sent = With(8, "a", "a");
        sent.MarkReturned("a");
        sent.MarkReturned("a");
        sent.MarkReturned("nobody");
        sent.Take(2, multiple: true, PublishOutcome.Stored, _taken);
        Assert.That(Taken, Is.EqualTo(new[] { ("a", PublishOutcome.Returned), ("a", PublishOutcome.Returned) }));
    }

    [Test]
    public void TryAdd_BeyondTheBound_IsRefusedUntilOneIsTaken()
    {
        var sent = With(2, "a", "b");
        Assert.That(sent.TryAdd(Message("c")), Is.False);
        sent.Take(1, multiple: false, PublishOutcome.Stored, _taken);
        Assert.That(sent.TryAdd(Message("c")), Is.True);
    }

    [Test]
    public void Overtaken_ByLaterOnes_EndsAsLostAfterTheSweepsAndHoldsUpNothing()
    {
        var sent = With(2, "slow");
        const int count = 10_000;
        for (var i = 2; i <= count; i++)
        {
            Assert.That(sent.TryAdd(Message($"m{i}")), Is.True, "one that is not confirmed must not stop the others");
            sent.Take((ulong)i, multiple: false, PublishOutcome.Stored, _taken);
        }

        Assert.That(_taken, Has.Count.EqualTo(count - 1));
        _taken.Clear();
        for (var i = 0; i < SentMessages.SweepsUntilOvertaken; i++) sent.TakeOvertaken(_taken);
        Assert.That(_taken, Is.Empty);
        sent.TakeOvertaken(_taken);
        Assert.That(Taken, Is.EqualTo(new[] { ("slow", PublishOutcome.Lost) }));
        Assert.That(sent.Count, Is.Zero);
        sent.Take(1, multiple: false, PublishOutcome.Stored, _taken);
        Assert.That(_taken, Has.Count.EqualTo(1), "its confirm comes too late to count");
    }

    [Test]
    public void Overtaken_IsNoneWhileNothingLaterWasConfirmed()
    {
        var sent = With(4, "a", "b");
        for (var i = 0; i < 3 * SentMessages.SweepsUntilOvertaken; i++) sent.TakeOvertaken(_taken);
        Assert.That(_taken, Is.Empty);
    }

    [Test]
    public void TakeAll_WithSomeOfThem_TakesEachThatIsLeftOnce()
    {
        var sent = With(8, "a", "b", "c");
        sent.Take(2, multiple: false, PublishOutcome.Stored, _taken);
        sent.MarkReturned("c");
        _taken.Clear();
        sent.TakeAll(_taken);
        Assert.That(Taken, Is.EqualTo(new[] { ("a", PublishOutcome.Lost), ("c", PublishOutcome.Lost) }));
        sent.Restart();
        sent.TryAdd(Message("d"));
        _taken.Clear();
        sent.Take(1, multiple: false, PublishOutcome.Stored, _taken);
        Assert.That(Taken, Is.EqualTo(new[] { ("d", PublishOutcome.Stored) }));
    }

    // Against a plain model: random confirms, rejections and returns.
    [Test]
    public void Answers_InAnyOrder_EndEachMessageOnceWithItsOutcome([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var sent = new SentMessages(300);
        var open = new SortedSet<ulong>();
        var returned = new HashSet<ulong>();
        var ended = new Dictionary<string, PublishOutcome>();
        var next = 1ul;
        for (var step = 0; step < 5000; step++)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    if (sent.TryAdd(Message($"m{next}"))) open.Add(next++);
                    else Assert.That(open, Has.Count.EqualTo(300));
                    break;
                case 2 when open.Count > 0:
                    var mark = open.ElementAt(random.Next(open.Count));
                    sent.MarkReturned($"m{mark}");
                    returned.Add(mark);
                    break;
                case 3 when open.Count > 0:
                    Answer(open.ElementAt(random.Next(open.Count)), multiple: false, (PublishOutcome)random.Next(2));
                    break;
                case 4 when open.Count > 0 && random.Next(20) == 0:
                    Answer(open.ElementAt(random.Next(open.Count)), multiple: true, (PublishOutcome)random.Next(2));
                    break;
            }

            Assert.That(sent.Count, Is.EqualTo(open.Count));
        }

        sent.TakeAll(_taken);
        Assert.That(_taken, Has.Count.EqualTo(open.Count));
        Assert.That(ended, Has.Count.EqualTo((int)next - 1 - open.Count));

        void Answer(ulong number, bool multiple, PublishOutcome outcome)
        {
            var those = multiple ? open.Where(each => each <= number).ToArray() : [number];
            sent.Take(number, multiple, outcome, _taken);
            Assert.That(_taken, Has.Count.EqualTo(those.Length));
            foreach (var (each, index) in those.Select((each, index) => (each, index)))
            {
                var right = returned.Remove(each) && outcome == PublishOutcome.Stored ? PublishOutcome.Returned : outcome;
                Assert.That(_taken[index], Is.EqualTo((_taken[index].Publication, right)));
                ended.Add($"m{each}", right);
                Assert.That(_taken[index].Publication.Properties.MessageId, Is.EqualTo($"m{each}"));
                open.Remove(each);
            }

            _taken.Clear();
        }
    }

    [SetUp]
    public void Clear() => _taken.Clear();

    private static SentMessages With(int maxCount, params string[] ids)
    {
        var sent = new SentMessages(maxCount);
        foreach (var id in ids) Assert.That(sent.TryAdd(Message(id)));
        return sent;
    }

    private static TestMessage Message(string id) => new("", "", id);
}
