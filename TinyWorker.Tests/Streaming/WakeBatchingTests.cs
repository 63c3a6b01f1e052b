using System.Diagnostics;
using TinyWorker.Streaming;

namespace TinyWorker.Tests.Streaming;

/// <summary>How many items may end before a sleeping consumer is woken.</summary>
internal sealed class WakeBatchingTests
{
    private const int Workers = 2;

    [Test]
    public void Items_BeforeAnAverageIsKnown_AreNotHeld()
    {
        var batching = new WakeBatching(Workers);
        Assert.That(batching.ItemsToHold(1000), Is.Zero);
        batching.NoteWakeUp(10, now: 1);
        Assert.That(batching.ItemsToHold(1000), Is.Zero, "one time stamp gives no average");
    }

    [TestCase(1, 2000, 500, TestName = "Items_OfAMicrosecond_AreHeldForHalfAMillisecond")]
    [TestCase(20, 1000, 25, TestName = "Items_OfTwentyMicroseconds_AreHeldForHalfAMillisecond")]
    [TestCase(20, 12, 5, TestName = "Items_InASmallWindow_AreHeldUpToHalfOfThoseThatTheWorkersDoNotNeed")]
    [TestCase(20, 2, 0, TestName = "Items_AsManyAsWorkers_AreNotHeld")]
    [TestCase(20, 1, 0, TestName = "Items_FewerThanWorkers_AreNotHeld")]
    [TestCase(550, 1000, 0, TestName = "Items_ThatTakeLongerThanIsWorthHolding_AreNotHeld")]
    public void ItemsToHold(int microsecondsPerItem, int outstanding, int expected)
    {
        var batching = Learned(microsecondsPerItem);
        Assert.That(batching.ItemsToHold(outstanding), Is.EqualTo(expected));
    }

    [Test]
    public void Items_ThatBecomeSlow_AreNotHeldAnyMore()
    {
        var batching = Learned(10);
        batching.NoteWakeUp(1_000, Ticks(10 * 1_000));
        batching.NoteWakeUp(1_001, Ticks((10 * 1_000) + 4_000));   // one item that took four milliseconds
        Assert.That(batching.ItemsToHold(1000), Is.Zero);
    }

    [Test]
    public void WakeUp_ForNothing_IsIgnoredAndItsTimeCountsForTheNext()
    {
        var batching = Learned(20);
        batching.NoteWakeUp(100, Ticks(2_000 + 500));
        Assert.That(batching.ItemsToHold(1000), Is.EqualTo(25));
        batching.NoteWakeUp(101, Ticks(2_000 + 3_000));   // three milliseconds for one item
        Assert.That(batching.ItemsToHold(1000), Is.Zero);
    }

    // Ten wake-ups, each after ten more items.
    private static WakeBatching Learned(int microsecondsPerItem)
    {
        var batching = new WakeBatching(Workers);
        for (var i = 1; i <= 10; i++) batching.NoteWakeUp(10 * i, Ticks(10 * i * microsecondsPerItem));
        return batching;
    }

    private static long Ticks(long microseconds) => microseconds * Stopwatch.Frequency / 1_000_000;
}
