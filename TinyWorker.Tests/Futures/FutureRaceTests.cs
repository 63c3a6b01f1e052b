namespace TinyWorker.Tests.Futures;

internal sealed class FutureRaceTests
{
    private const int Rounds = 4_000;

    [Test]
    public void Completion_RacedByAwaitersBlockersCallbacksAndSteps_LosesNoneAndCallsEachOnce()
    {
        var sources = Enumerable.Range(0, Rounds).Select(_ => new TinyFutureSource<int>()).ToArray();
        var callbacks = new int[Rounds];
        var awaits = new Task<int>[Rounds];
        var tasks = new Task<int>[Rounds];
        var steps = new TinyFuture<int>[Rounds];
        var blocked = new int[Rounds];
        using var start = new Barrier(3);

        Within.Time(
            () => Together(
                Each(start, i => sources[i].TrySetResult(i)),
                Each(start, i =>
                {
                    sources[i].Future.OnCompleted(_ => Interlocked.Increment(ref callbacks[i]));
                    awaits[i] = Await(sources[i].Future);
                    sources[i].Future.OnCompleted(_ => Interlocked.Increment(ref callbacks[i]));
                    steps[i] = sources[i].Future.Then(x => x + 1);
                }),
                Each(start, i =>
                {
                    tasks[i] = sources[i].Future.AsTask();
                    sources[i].Future.OnCompleted(_ => Interlocked.Increment(ref callbacks[i]));
                    blocked[i] = sources[i].Future.Result();
                })),
            "the race");

        for (var i = 0; i < Rounds; i++)
        {
            Assert.That(Within.Time(TinyFuture.FromTask(awaits[i])), Is.EqualTo(i));
            Assert.That(Within.Time(TinyFuture.FromTask(tasks[i])), Is.EqualTo(i));
            Assert.That(Within.Time(steps[i]), Is.EqualTo(i + 1));
            Assert.That(blocked[i], Is.EqualTo(i));
        }

        Within.Until(() => callbacks.Sum() >= 3 * Rounds, "every callback");
        Assert.That(callbacks, Is.All.EqualTo(3));

        static async Task<int> Await(TinyFuture<int> future) => await future.ConfigureAwait(false);
    }

    [Test]
    public void Endings_RacingEachOther_HaveOneWinner()
    {
        var sources = Enumerable.Range(0, Rounds).Select(_ => new TinyFutureSource<int>()).ToArray();
        var oops = new InvalidOperationException("oops");
        var winners = new int[Rounds];
        using var start = new Barrier(3);

        Within.Time(
            () => Together(
                Each(start, i => Count(i, sources[i].TrySetResult(i), 1)),
                Each(start, i => Count(i, sources[i].TrySetException(oops), 2)),
                Each(start, i => Count(i, sources[i].Future.Cancel(), 4))),
            "the race");

        for (var i = 0; i < Rounds; i++)
        {
            var expected = winners[i] switch
            {
                1 => TinyFutureStatus.Succeeded,
                2 => TinyFutureStatus.Faulted,
                4 => TinyFutureStatus.Canceled,
                _ => (TinyFutureStatus)(-1),
            };
            Assert.That(sources[i].Future.Status, Is.EqualTo(expected));
        }

        void Count(int i, bool won, int who)
        {
            if (won) Interlocked.Add(ref winners[i], who);
        }
    }

    [Test]
    public void Completion_OfOneFutureWithTenThousandWaiters_ReachesAll()
    {
        const int count = 10_000;
        var source = new TinyFutureSource<int>();
        var callbacks = 0;
        var steps = new List<TinyFuture<int>>();
        for (var i = 0; i < count; i++)
        {
            source.Future.OnCompleted(_ => Interlocked.Increment(ref callbacks));
            steps.Add(source.Future.Then(x => x + 1));
        }

        var blockers = Enumerable.Range(0, 20).Select(_ => new Thread(() => source.Future.Result()) { IsBackground = true }).ToArray();
        foreach (var blocker in blockers) blocker.Start();
        source.TrySetResult(1);

        Within.Until(() => Volatile.Read(ref callbacks) == count, "every callback");
        Assert.That(Within.Time(TinyFuture.WhenAll(steps)), Is.All.EqualTo(2));
        foreach (var blocker in blockers) Assert.That(blocker.Join(Within.Deadline), Is.True);
    }

    [Test]
    public void Timeouts_RacingCompletion_NeitherHangNorLoseTheResult()
    {
        var sources = Enumerable.Range(0, Rounds).Select(_ => new TinyFutureSource<int>()).ToArray();
        using var start = new Barrier(2);

        Within.Time(
            () => Together(
                Each(start, i => sources[i].TrySetResult(i)),
                Each(start, i =>
                {
                    try
                    {
                        Assert.That(sources[i].Future.Result(TimeSpan.FromTicks(1 + (i % 100))), Is.EqualTo(i));
                    }
                    catch (TimeoutException)
                    {
                        Assert.That(sources[i].Future.Result(), Is.EqualTo(i));
                    }
                })),
            "the race");
    }

    private static Action Each(Barrier start, Action<int> step) => () =>
    {
        for (var i = 0; i < Rounds; i++)
        {
            start.SignalAndWait(Within.Deadline);
            step(i);
        }
    };

    private static void Together(params Action[] steps)
    {
        var faults = new List<Exception>();
        var threads = Array.ConvertAll(steps, step => new Thread(() =>
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                lock (faults) faults.Add(e);
            }
        }) { IsBackground = true });
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (faults.Count > 0) throw new AggregateException(faults);
    }
}
