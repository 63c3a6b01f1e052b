using Microsoft.Extensions.Time.Testing;
using TinyWorker.RabbitMQ.Serving;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>How many tasks a host takes at a time.</summary>
[TestFixture]
public sealed class PrefetchChooserTests
{
    private readonly FakeTimeProvider _clock = new();

    [Test]
    public void Prefetch_AtFirst_IsOneMoreThanTheWorkers() => Assert.That(new PrefetchChooser(4, _clock).Current, Is.EqualTo(5));

    [TestCase(0.2, 256)]
    [TestCase(5, 64)]
    [TestCase(50, 16)]
    [TestCase(500, 5)]
    public void Prefetch_AfterTheFirstTasks_IsThatOfTheirLength(double milliseconds, int expected)
    {
        var chooser = new PrefetchChooser(4, _clock);

        var hasChanged = Note(chooser, milliseconds);

        Assert.That((chooser.Current, hasChanged), Is.EqualTo((expected, expected != 5)));
    }

    [Test]
    public void Prefetch_NearALimit_DoesNotGoBackAndForth()
    {
        var chooser = new PrefetchChooser(4, _clock);
        Note(chooser, 0.9);
        var changes = 0;

        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(PrefetchChooser.ShortestPause);
            if (Note(chooser, i % 2 == 0 ? 1.8 : 0.9)) changes++;
        }

        Assert.That((chooser.Current, changes), Is.EqualTo((256, 0)));
    }

    [Test]
    public void Prefetch_OfTasksThatGetLong_GoesBack()
    {
        var chooser = new PrefetchChooser(4, _clock);
        Note(chooser, 0.2);

        Assert.That(Note(chooser, 1000), Is.False, "so soon");
        _clock.Advance(PrefetchChooser.ShortestPause);
        Assert.That(Note(chooser, 1000), Is.True);

        Assert.That(chooser.Current, Is.EqualTo(5));
    }

    [Test]
    public void TimeInALongQueue_IsNotTakenForTheTimeOfATask()
    {
        var chooser = new PrefetchChooser(2, _clock);

        Note(chooser, milliseconds: 30, present: 100);   // 0.6 ms each

        Assert.That(chooser.Current, Is.EqualTo(256));
    }

    [Test]
    public void Prefetch_OfManyWorkers_IsNeverLessThanTheyAre()
    {
        var chooser = new PrefetchChooser(1000, _clock);

        Note(chooser, 0.1);

        Assert.That(chooser.Current, Is.EqualTo(1001));
    }

    private static bool Note(PrefetchChooser chooser, double milliseconds, int present = 1)
    {
        var hasChanged = false;
        for (var i = 0; i < PrefetchChooser.TasksInALook; i++)
            hasChanged |= chooser.Note(TimeSpan.FromMilliseconds(milliseconds), present);
        return hasChanged;
    }
}
