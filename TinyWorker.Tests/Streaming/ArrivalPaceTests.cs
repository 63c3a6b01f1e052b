using System.Diagnostics;
using TinyWorker.Streaming;

namespace TinyWorker.Tests.Streaming;

/// <summary>How many finished items a sleeping consumer is not woken for.</summary>
internal sealed class ArrivalPaceTests
{
    private const int Workers = 2;

    [Test]
    public void Items_AsLongAsNothingIsKnown_AreNotHeld()
    {
        var pace = new ArrivalPace(Workers);
        Assert.That(pace.ItemsToHold(1000), Is.Zero);
        pace.Woken(10, now: 1);
        Assert.That(pace.ItemsToHold(1000), Is.Zero, "one time stamp is no pace");
    }

    [TestCase(1, 1000, 200, TestName = "Items_OfAMicrosecond_AreHeldForTwoHundredMicroseconds")]
    [TestCase(20, 1000, 10, TestName = "Items_OfTwentyMicroseconds_AreHeldForTwoHundred")]
    [TestCase(20, 12, 5, TestName = "Items_InASmallWindow_AreHeldToHalfOfWhatTheWorkersHaveBesidesTheirOwn")]
    [TestCase(20, 2, 0, TestName = "Items_ThatTheWorkersAllHave_AreNotHeld")]
    [TestCase(20, 1, 0, TestName = "Items_OfWhichThereAreLessThanWorkers_AreNotHeld")]
    [TestCase(250, 1000, 0, TestName = "Items_ThatTakeLongerThanIsWorthHolding_AreNotHeld")]
    public void ItemsToHold(int microsecondsPerItem, int outstanding, int expected)
    {
        var pace = Learned(microsecondsPerItem);
        Assert.That(pace.ItemsToHold(outstanding), Is.EqualTo(expected));
    }

    [Test]
    public void Pace_ThatSlowsDown_IsNoticedAtOnce()
    {
        var pace = Learned(10);
        pace.Woken(1_000, Ticks(10 * 1_000));
        pace.Woken(1_001, Ticks((10 * 1_000) + 1_000));   // one that took a millisecond
        Assert.That(pace.ItemsToHold(1000), Is.Zero);
    }

    [Test]
    public void Wakeup_ForNothing_TellsNothingAndItsTimeCountsForTheNext()
    {
        var pace = Learned(20);
        pace.Woken(100, Ticks(2_000 + 500));
        Assert.That(pace.ItemsToHold(1000), Is.EqualTo(10));
        pace.Woken(101, Ticks(2_000 + 1_000));   // a millisecond for one item
        Assert.That(pace.ItemsToHold(1000), Is.Zero);
    }

    // Ten wake-ups, each after ten items more.
    private static ArrivalPace Learned(int microsecondsPerItem)
    {
        var pace = new ArrivalPace(Workers);
        for (var i = 1; i <= 10; i++) pace.Woken(10 * i, Ticks(10 * i * microsecondsPerItem));
        return pace;
    }

    private static long Ticks(long microseconds) => microseconds * Stopwatch.Frequency / 1_000_000;
}
