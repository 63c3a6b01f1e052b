using TinyWorker.Streaming;
using TinyWorker.Threading;

namespace TinyWorker.Tests.Streaming;

/// <summary>A consumer that sleeps until several items are ready.</summary>
internal sealed class HoldTests
{
    private const int Count = 5;

    [Test]
    public void Window_ThatIsToHoldTwo_TellsOfTheThird([Values] bool ordered)
    {
        var (window, sources) = Filled(ordered);
        window.PrepareToWait(hold: 2);
        for (var i = 0; i < 2; i++)
        {
            sources[i].TrySetResult(i);
            Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.False, "signalled for " + i);
        }

        sources[2].TrySetResult(2);
        Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.True);
        for (var i = 0; i < 3; i++) Assert.That(window.TryTake()?.Index, Is.EqualTo(i));
        Assert.That(window.TryTake(), Is.Null);
    }

    [Test]
    public void Window_ThatHasMoreThanItIsToHold_TellsSoAtOnce([Values] bool ordered)
    {
        var (window, sources) = Filled(ordered);
        for (var i = 0; i < 3; i++) sources[i].TrySetResult(i);
        while (window.Signal.Wait(TimeSpan.Zero))
        {
            // What the window signalled before.
        }

        window.PrepareToWait(hold: 2);
        Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.True);
    }

    [Test]
    public void Window_ThatIsToHoldMoreThanThereIs_TellsOfTheLast()
    {
        var (window, sources) = Filled(ordered: true);
        window.PrepareToWait(hold: 2 * Count);
        for (var i = 0; i < Count - 1; i++) sources[i].TrySetResult(i);
        Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.False);
        sources[^1].TrySetResult(Count - 1);
        Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.True);
    }

    [Test]
    public void Window_WaitedForAgainWithoutAHold_TellsOfTheFirst([Values] bool ordered)
    {
        var (window, sources) = Filled(ordered);
        window.PrepareToWait(hold: 2);
        Assert.That(window.Signal.Wait(TimeSpan.FromMilliseconds(1)), Is.False, "the time was over");
        window.PrepareToWait();
        sources[0].TrySetResult(0);
        Assert.That(window.Signal.Wait(TimeSpan.Zero), Is.True);
    }

    // As the consumer of a map does, this sleeps for a moment, looks, and then sleeps without a limit.
    [Test]
    public void Signal_SetWhileAWaitRunsOutOfTime_IsNotLost()
    {
        const int Rounds = 5_000;
        var signal = new Signal();
        var set = 0;
        var seen = 0;
        var setter = new Thread(() =>
        {
            for (var i = 1; i <= Rounds; i++)
            {
                // The wait runs out after about a millisecond: so does this sleep.
                if (i % 8 == 0) Thread.Sleep(1);
                else for (var spin = default(SpinWait); Volatile.Read(ref seen) < i - 1;) spin.SpinOnce(-1);
                Volatile.Write(ref set, i);
                signal.Set();
            }
        }) { IsBackground = true };
        setter.Start();
        Within.Time(
            () =>
            {
                while (seen < Rounds)
                {
                    signal.Wait(TimeSpan.FromMilliseconds(seen % 2));
                    if (Volatile.Read(ref set) == seen) signal.Wait(Timeout.InfiniteTimeSpan);
                    Volatile.Write(ref seen, Volatile.Read(ref set));
                }
            },
            "the last signal");
        setter.Join();
    }

    private static (MapWindow<int, int> Window, TinyFutureSource<int>[] Sources) Filled(bool ordered)
    {
        MapWindow<int, int> window = ordered
            ? new OrderedWindow<int, int>(Count, progress: null)
            : new UnorderedWindow<int, int>(Count, progress: null);
        var sources = new TinyFutureSource<int>[Count];
        for (var i = 0; i < Count; i++)
        {
            sources[i] = new TinyFutureSource<int>();
            window.Add(new MapItem<int, int>(window, i, i, sources[i].Future));
        }

        return (window, sources);
    }
}
