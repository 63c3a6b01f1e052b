using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Serving;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What a host sends: each message has one fate, and a queue that answers nothing holds up no other.</summary>
[TestFixture]
public sealed class ServingOutboxTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    [Test]
    public async Task Message_Confirmed_IsStoredOnce()
    {
        var test = new Test();
        var message = test.Send("q");

        (await test.ChannelAsync(0)).End(message, PublishOutcome.Stored);

        Assert.That((message.Fates, test.Outbox.Waiting), Is.EqualTo(("Stored", 0)));
    }

    [Test]
    public async Task Message_Returned_HasThatFate()
    {
        var test = new Test();
        var message = test.Send("q");

        (await test.ChannelAsync(0)).End(message, PublishOutcome.Returned);

        Assert.That(message.Fates, Is.EqualTo("Returned"));
    }

    [Test]
    public async Task Message_Rejected_IsSentAgainWithAPauseUntilItIsStored()
    {
        var test = new Test();
        var message = test.Send("q");
        var channel = await test.ChannelAsync(0);
        channel.End(message, PublishOutcome.Rejected);
        Assert.That(channel.Sent(message), Is.EqualTo(1));

        test.Tick(Period);

        Assert.That((channel.Sent(message), message.Fates), Is.EqualTo((2, "")));
        channel.End(message, PublishOutcome.Stored);
        Assert.That(message.Fates, Is.EqualTo("Stored"));
    }

    [Test]
    public async Task Message_LostInALivingSession_IsSentAgain()
    {
        var test = new Test();
        var message = test.Send("q");
        var channel = await test.ChannelAsync(0);
        channel.End(message, PublishOutcome.Lost);

        test.Tick(Period);

        Assert.That((channel.Sent(message), message.Fates), Is.EqualTo((2, "")));
    }

    [Test]
    public async Task Message_UnansweredForItsPatience_HasThatFateAndKeepsItWhateverComesLater()
    {
        var test = new Test();
        var message = test.Send("q");
        var channel = await test.ChannelAsync(0);

        test.Tick(Test.Patience - Period);
        Assert.That(message.Fates, Is.Empty);
        test.Tick(Period);
        channel.End(message, PublishOutcome.Stored);

        Assert.That(message.Fates, Is.EqualTo("Unanswered"));
    }

    [Test]
    public async Task Lane_InTrouble_HoldsUpNoOtherAndTakesNoMore()
    {
        var test = new Test();
        var first = test.Send("bad");
        var bad = await test.ChannelAsync(0);
        test.Tick(Test.Patience);

        var (second, other) = (test.Send("bad"), test.Send("good"));
        var good = await test.ChannelAsync(1);
        good.End(other, PublishOutcome.Stored);

        Assert.That((other.Fates, first.Fates, second.Fates, bad.Sent(second)), Is.EqualTo(("Stored", "Unanswered", "", 0)));
    }

    [Test]
    public async Task Lane_ThatAnswersAgain_SendsWhatWaited()
    {
        var test = new Test();
        var first = test.Send("bad");
        var bad = await test.ChannelAsync(0);
        test.Tick(Test.Patience);
        var second = test.Send("bad");

        bad.End(first, PublishOutcome.Stored);
        bad.End(second, PublishOutcome.Stored);

        Assert.That((bad.Sent(second), second.Fates), Is.EqualTo((1, "Stored")));
    }

    [Test]
    public async Task Blocked_Broker_TakesNobodysPatience()
    {
        var test = new Test();
        var message = test.Send("q");
        await test.ChannelAsync(0);

        test.Tick(TimeSpan.FromMinutes(3), isBlocked: true);
        test.Tick(Test.Patience - Period);
        Assert.That(message.Fates, Is.Empty);

        test.Tick(Period);
        Assert.That(message.Fates, Is.EqualTo("Unanswered"));
    }

    [Test]
    public async Task Slow_Messages_AreCountedIfTheyCameAfterTheMoment()
    {
        var test = new Test();
        test.Send("q");
        await test.ChannelAsync(0);
        var since = test.Clock.GetTimestamp();
        test.Clock.Advance(Period);
        test.Send("q");
        test.Send("q");

        Assert.That(test.Tick(Serving.Outbox.Slow - Period, slowSince: since), Is.Zero);
        Assert.That(test.Tick(Period, slowSince: since), Is.EqualTo(2));
    }

    [Test]
    public async Task End_WithMessagesOnTheirWay_LosesEachOnce()
    {
        var test = new Test();
        var sent = test.Send("q");
        var channel = await test.ChannelAsync(0);
        test.HoldsOpening = true;
        var parked = test.Send("other");

        test.Outbox.End();
        channel.End(sent, PublishOutcome.Lost);
        var late = test.Send("q");

        Assert.That((sent.Fates, parked.Fates, late.Fates, test.Outbox.Waiting), Is.EqualTo(("Lost", "Lost", "Lost", 0)));
    }

    [Test]
    public async Task Lane_WithoutMessagesForLong_IsClosedAndOpenedAgainWhenNeeded()
    {
        var test = new Test();
        var channel = await test.ChannelAsync(0, test.Send("q"));
        test.Tick(Serving.Outbox.IdleFor);
        Assert.That(channel.IsClosed, Is.True);

        var message = test.Send("q");

        (await test.ChannelAsync(1)).End(message, PublishOutcome.Stored);
        Assert.That(message.Fates, Is.EqualTo("Stored"));
    }

    [Test]
    public async Task Channel_ThatCannotBeOpened_IsTriedAgain()
    {
        var test = new Test { FailsOpening = true };
        var message = test.Send("q");
        await Eventually.IsTrueAsync(() => test.Tries == 1, () => "a try");
        test.FailsOpening = false;

        await Eventually.IsTrueAsync(
            () =>
            {
                test.Tick(TimeSpan.FromMilliseconds(1));
                return test.Channels.Count == 1;
            },
            () => "another try");

        (await test.ChannelAsync(0)).End(message, PublishOutcome.Stored);
        Assert.That(message.Fates, Is.EqualTo("Stored"));
    }

    [Test]
    public async Task Lanes_BeyondTheirNumber_AreShared()
    {
        var test = new Test();
        for (var i = 0; i < Serving.Outbox.MostLanes + 100; i++) test.Send($"q{i}");

        await Eventually.IsTrueAsync(
            () => test.Channels.Count == Serving.Outbox.MostLanes + Serving.Outbox.SharedLanes && test.Channels.Sum(c => c.Count) == 356,
            () => $"{test.Channels.Count} channels with {test.Channels.Sum(c => c.Count)} messages");
    }

    private sealed class Test
    {
        public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

        private readonly ConcurrentQueue<FakeChannel> _channels = new();
        private int _tries;

        public Test() => Outbox = new Serving.Outbox(Clock, OpenAsync, static () => { });

        public FakeTimeProvider Clock { get; } = new();

        public Serving.Outbox Outbox { get; }

        public bool HoldsOpening { get; set; }

        public bool FailsOpening { get; set; }

        public int Tries => Volatile.Read(ref _tries);

        public IReadOnlyCollection<FakeChannel> Channels => _channels;

        public FakeMessage Send(string lane)
        {
            var message = new FakeMessage(lane);
            Outbox.Send(message);
            return message;
        }

        public int Tick(TimeSpan later, bool isBlocked = false, long slowSince = 0)
        {
            Clock.Advance(later);
            return Outbox.Tick(isBlocked, slowSince);
        }

        /// <summary>The channel that was opened as the n-th, once it has what was sent first; with a message to confirm.</summary>
        public async Task<FakeChannel> ChannelAsync(int index, FakeMessage? stored = null)
        {
            await Eventually.IsTrueAsync(
                () => _channels.Count > index && _channels.ElementAt(index).Count > 0, () => $"channel {index} to have a message");
            var channel = _channels.ElementAt(index);
            if (stored is not null) channel.End(stored, PublishOutcome.Stored);
            return channel;
        }

        private async Task<IOutboxChannel> OpenAsync()
        {
            Interlocked.Increment(ref _tries);
            if (FailsOpening) throw new InvalidOperationException("no channel");
            if (HoldsOpening) await new TaskCompletionSource().Task;
            var channel = new FakeChannel();
            _channels.Enqueue(channel);
            return channel;
        }
    }

    private sealed class FakeChannel : IOutboxChannel
    {
        private readonly ConcurrentQueue<Publication> _published = new();

        public bool IsClosed { get; private set; }

        public int Count => _published.Count;

        public void Publish(Publication publication) => _published.Enqueue(publication);

        public void Close() => IsClosed = true;

        public int Sent(FakeMessage message) => _published.Count(sent => sent == message);

        public void End(FakeMessage message, PublishOutcome outcome)
        {
            Assert.That(Sent(message), Is.Positive, "only what was sent ends");
            message.End(outcome);
        }
    }

    private sealed class FakeMessage(string lane) : OutgoingMessage
    {
        private readonly ConcurrentQueue<MessageFate> _fates = new();

        public string Fates => string.Join(",", _fates);

        public override string Exchange => "";

        public override string RoutingKey => lane;

        public override BasicProperties Properties { get; } = new();

        public override ReadOnlyMemory<byte> Body => default;

        public override string Lane => lane;

        public override TimeSpan Patience => Test.Patience;

        public override void Conclude(MessageFate fate) => _fates.Enqueue(fate);
    }
}
