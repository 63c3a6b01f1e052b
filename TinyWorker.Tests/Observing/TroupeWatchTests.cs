using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Observing;

/// <summary>What somebody sees who watches a troupe, and its bounds. What holds for every back-end is in the contract.</summary>
internal sealed class TroupeWatchTests
{
    private readonly ManualResetEventSlim _gate = new();
    private readonly ManualClock _clock = new();

    [SetUp]
    public void Close() => _gate.Reset();

    [Test]
    public void Runs_OfTasksOfKnownTimes_HaveTheirPercentiles()
    {
        using var troupe = Troupe(x =>
        {
            if (x % 64 == 63) _clock.Advance(TimeSpan.FromMilliseconds(1 + (x / 64)));
            return x;
        });
        using var watch = troupe.Watch();
        Run(troupe, 6400);
        var runs = watch.Read().Runs;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(runs, Is.EqualTo(Enumerable.Range(1, 100).Select(static ms => TimeSpan.FromMilliseconds(ms))));
            Assert.That(runs.Percentile(0.5), Is.EqualTo(TimeSpan.FromMilliseconds(50)));
            Assert.That(runs.Percentile(0.99), Is.EqualTo(TimeSpan.FromMilliseconds(99)));
            Assert.That(runs.Longest, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
        }
    }

    [Test]
    public void Waits_OfATaskBehindAnother_AreFromItsAcceptanceToItsStart()
    {
        using var troupe = Troupe(Pass);
        using var watch = troupe.Watch();
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, 64).Select(i => troupe.Submit(i))];
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That(watch.Read().Waits, Is.Empty, "it still waits");
        _gate.Set();
        Within.Time(TinyFuture.WhenAll(futures));
        var seen = watch.Read();
        Assert.That((seen.Waits.Single(), seen.Runs.Single()), Is.EqualTo((TimeSpan.FromSeconds(5), TimeSpan.Zero)));
    }

    [Test]
    public void Waits_OfATaskWithAnUnfinishedInput_BeginWhenTheInputIsThere()
    {
        using var troupe = Troupe(x => x);
        using var watch = troupe.Watch();
        var sources = Enumerable.Range(0, 64).Select(_ => new TinyFutureSource<int>()).ToArray();
        TinyFuture<int>[] futures = [.. sources.Select(source => troupe.Submit(source.Future))];
        _clock.Advance(TimeSpan.FromSeconds(5));
        foreach (var source in sources) source.TrySetResult(1);
        Within.Time(TinyFuture.WhenAll(futures));
        Assert.That(watch.Read().Waits, Is.EqualTo([TimeSpan.Zero]));
    }

    [Test]
    public void Runs_OfATaskThatWasCancelledBeforeItStarted_DoNotHaveIt()
    {
        using var troupe = Troupe(Pass);
        using var watch = troupe.Watch();
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, 64).Select(i => troupe.Submit(i))];
        Assert.That(futures[63].Cancel());
        _gate.Set();
        Within.Time(TinyFuture.WhenAll(futures[..63]));
        var seen = watch.Read();
        Assert.That((seen.Waits.Count, seen.Runs.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public void Runs_OfATaskWhoseWorkerWasAbandoned_HaveTheTimeUntilItsFutureEnded()
    {
        using var troupe = new TinyTroupe<int, int>(
            x => x < 63 ? x : Pass(x),
            new ThreadTroupeOptions { Workers = 1, TimeProvider = _clock, CancellationGrace = TimeSpan.FromSeconds(2) });
        using var watch = troupe.Watch();
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, 64).Select(i => troupe.Submit(i))];
        Within.Until(() => futures[63].Status == TinyFutureStatus.Running, "the task that is measured");
        Within.Until(() => watch.Read().Waits.Count == 1, "its start");
        futures[63].Cancel();
        _clock.Advance(TimeSpan.FromSeconds(2));
        Within.Until(() => futures[63].IsCompleted, "its end");
        Assert.That(watch.Read().Runs, Is.EqualTo([TimeSpan.FromSeconds(2)]));
        _gate.Set();
    }

    [Test]
    public void Times_OfMoreTasksThanAreKept_AreTheLast1024()
    {
        using var troupe = Troupe(x =>
        {
            if (x % 64 == 63) _clock.Advance(TimeSpan.FromTicks(1 + (x / 64)));
            return x;
        });
        using var watch = troupe.Watch();
        Run(troupe, 64 * 1100);
        var runs = watch.Read().Runs;
        Assert.That(runs, Has.Count.EqualTo(1024));
        Assert.That((runs[0].Ticks, runs[^1].Ticks), Is.EqualTo((77L, 1100L)));
    }

    [Test]
    public void Faults_OfOneSecond_AreTenAtTheMostAndSixteenAreKept()
    {
        using var troupe = Troupe(x => throw new FormatException("fault " + x));
        using var watch = troupe.Watch();
        using var patient = troupe.Watch();
        Fault(troupe, 0, 30);
        var first = Faults(watch, 10);
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Fault(troupe, 30, 5);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Fault(troupe, 35, 30);
        var second = Faults(watch, 10);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(Enumerable.Range(0, 10).Select(i => "fault " + i)));
            Assert.That(second, Is.EqualTo(Enumerable.Range(35, 10).Select(i => "fault " + i)));
            var kept = patient.Read().Faults;
            Assert.That(kept.Select(fault => fault.Message), Is.EqualTo([.. first[4..], .. second]));
            Assert.That(kept[^1].At - kept[0].At, Is.EqualTo(TimeSpan.FromSeconds(1)), "by the clock of the troupe");
        }
    }

    [Test]
    public void Faults_WithHostileMessages_AreTexts()
    {
        Exception[] hostile =
        [
            new Hostile(() => throw new InvalidOperationException()), new Hostile(() => null!), new Hostile(() => new string('x', 5000)),
        ];
        using var troupe = Troupe(x => throw hostile[x]);
        using var watch = troupe.Watch();
        Fault(troupe, 0, 3);
        var told = Faults(watch, 3);
        Assert.That(told, Is.EqualTo(["(its text threw InvalidOperationException)", "", new string('x', 1000)]));
    }

    [Test]
    public void Faults_WhileAMessageBlocks_HoldUpNobodyAndAreToldAfterwards()
    {
        using var reading = new ManualResetEventSlim();
        var blocking = new Hostile(() =>
        {
            reading.Set();
            Within.Wait(_gate);
            return "at last";
        });
        using var troupe = Troupe(x => throw (x == 0 ? blocking : new FormatException("fault " + x)));
        using var watch = troupe.Watch();
        Fault(troupe, 0, 1);
        Within.Wait(reading);
        for (var second = 0; second < 3; second++)
        {
            Fault(troupe, 1 + (second * 10), 10);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(watch.Read().Faults, Is.Empty, "one message after the other");
        _gate.Set();
        List<string> told = [];
        Within.Until(
            () =>
            {
                told.AddRange(watch.Read().Faults.Select(static fault => fault.Message));
                return told.Contains("fault 30");
            },
            "the last fault");
        Assert.That(told.TakeLast(16), Is.EqualTo(Enumerable.Range(15, 16).Select(i => "fault " + i)), "no more wait to be told");
        Assert.That(told.SkipLast(16), Is.Empty.Or.EqualTo(new[] { "at last" }), "16 at one reading");
    }

    [Test]
    public void Faults_OfATaskThatTimedOut_HaveItsWorker()
    {
        using var troupe = new TinyTroupe<int, int>(
            Pass,
            new ThreadTroupeOptions
            {
                Workers = 1, TimeProvider = _clock, TaskTimeout = TimeSpan.FromSeconds(3), CancellationGrace = TimeSpan.FromSeconds(1),
            });
        using var watch = troupe.Watch();
        var task = troupe.Submit(1);
        Within.Until(() => task.Status == TinyFutureStatus.Running && _clock.Armed > 0, "its limit of time");
        _clock.Advance(TimeSpan.FromSeconds(3));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Within.Until(() => task.IsCompleted, "its end");
        TroupeFault[] faults = [];
        Within.Until(() => (faults = [.. faults, .. watch.Read().Faults]).Length == 1, "its fault");
        Assert.That((faults[0].Type, faults[0].Worker), Is.EqualTo(("System.TimeoutException", (int?)0)));
        _gate.Set();
    }

    [Test]
    public void Faults_OfTasksThatWereCancelled_AreNone()
    {
        using var troupe = Troupe(Pass);
        using var watch = troupe.Watch();
        var running = troupe.Submit(1);
        troupe.Submit(2).Cancel();
        _gate.Set();
        Within.Time(running);
        var fault = troupe.Submit(TinyFuture.FromException<int>(new FormatException("the only one")));
        Within.Until(() => fault.IsCompleted, "a fault");
        Assert.That(Faults(watch, 1), Is.EqualTo(["the only one"]));
    }

    [Test]
    public void Inputs_BehindStepsAndCombinedFutures_AreTheTroupesOfTheTasks()
    {
        using var left = Troupe(Pass, "left");
        using var right = Troupe(Pass, "right");
        using var troupe = Troupe(x => x, "sum");
        using var watch = troupe.Watch();
        var both = TinyFuture.WhenAll(left.Submit(1).Then(static x => x + 1), right.Submit(2));
        var sum = troupe.Submit(both.Then(static pair => pair.Item1 + pair.Item2));
        Assert.That(watch.Read().Inputs, Is.EquivalentTo(["left", "right"]), "none has ended");
        var last = troupe.Submit(left.Submit(3).Then(x => right.Submit(x)));
        Assert.That(watch.Read().Inputs, Is.EqualTo(["left"]), "what the step will return is not known yet");
        _gate.Set();
        Assert.That((Within.Time(sum), Within.Time(last)), Is.EqualTo((4, 3)));

        var ended = left.Submit(5).Then(static x => x + 1).Then(static x => x + 1);
        Within.Time(ended);
        Within.Time(troupe.Submit(ended));
        Assert.That(watch.Read().Inputs, Is.EqualTo(["left"]), "steps that have ended");
        Within.Time(troupe.Submit(TinyFuture.FromResult(1)));
        Within.Time(troupe.Submit(troupe.Submit(1)));
        Assert.That(watch.Read().Inputs, Is.EqualTo(["sum"]), "a promise is of no troupe");
    }

    [Test]
    public void Inputs_OfAWhenAllOfManyAndOfLongChains_AreFoundInBoundedTime()
    {
        using var left = Troupe(Pass, "left");
        using var troupe = new TinyTroupe<int[], int>(x => x.Length, new ThreadTroupeOptions { Workers = 1 });
        using var watch = troupe.Watch();
        var diamond = TinyFuture.WhenAll(Enumerable.Repeat(left.Submit(1), 100));
        for (var i = 0; i < 40; i++)
        {
            var before = diamond;
            diamond = TinyFuture.WhenAll(before, before).Then(static pair => pair.Item1);
        }

        var end = troupe.Submit(diamond);   // 2^40 ways
        _ = watch.Read().Inputs;
        _gate.Set();
        Assert.That(Within.Time(end), Is.EqualTo(100));
    }

    [Test]
    public void Inputs_OfManyTroupes_AreTheLast64Names()
    {
        using var troupe = Troupe(x => x);
        using var watch = troupe.Watch();
        for (var i = 0; i < 70; i++)
        {
            using var before = new TinyTroupe<int, int>(x => x, new InlineTroupeOptions { Workers = 1, Name = "before " + i });
            Within.Time(troupe.Submit(before.Submit(i)));
            if (i == 1) Assert.That(watch.Read().Inputs, Has.Count.EqualTo(2));
        }

        Assert.That(watch.Read().Inputs, Is.EquivalentTo(Enumerable.Range(6, 64).Select(static i => "before " + i)));
        Assert.That(watch.Read().Inputs, Is.Empty);
    }

    [Test]
    public void LongestRunning_OfTasksSeenAtTwoLooks_IsTheOldest()
    {
        using var second = new ManualResetEventSlim();
        using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(x == 2 ? second : _gate);
                return x;
            },
            new ThreadTroupeOptions { Workers = 2, TimeProvider = _clock });
        using var watch = troupe.Watch();
        var one = troupe.Submit(1);
        Within.Until(() => one.Status == TinyFutureStatus.Running, "the first task");
        var worker = troupe.Snapshot().Workers.Single(worker => worker.State == WorkerState.Busy).Index;
        Assert.That(watch.Read().LongestRunning, Is.Null, "seen once");
        var two = troupe.Submit(2);
        Within.Until(() => two.Status == TinyFutureStatus.Running, "the second task");
        _clock.Advance(TimeSpan.FromSeconds(3));
        var seen = watch.Read().LongestRunning;
        Assert.That(seen, Is.EqualTo(new RunningTask(worker, TimeSpan.FromSeconds(3)) { Number = seen!.Number }));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(watch.Read().LongestRunning, Is.EqualTo(seen with { AtLeast = TimeSpan.FromSeconds(4) }), "the same task");
        _gate.Set();
        Within.Time(one);
        var next = watch.Read().LongestRunning!;
        Assert.That((next.Worker, next.AtLeast), Is.EqualTo((1 - worker, TimeSpan.FromSeconds(1))));
        Assert.That(next.Number, Is.Not.EqualTo(seen.Number));

        second.Set();
        Within.Time(two);
        second.Reset();
        var again = troupe.Submit(2);
        Within.Until(() => again.Status == TinyFutureStatus.Running, "another task");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(watch.Read().LongestRunning, Is.Null, "another task of the same worker is not the one before");
        second.Set();
    }

    [Test]
    public void Watches_OfSeveral_EachReadEverythingSinceTheirBegin()
    {
        using var troupe = Troupe(x => x);
        using var first = troupe.Watch();
        Run(troupe, 64);
        using var second = troupe.Watch();
        Run(troupe, 64);
        Assert.That((first.Read().Runs.Count, second.Read().Runs.Count), Is.EqualTo((2, 1)));
        first.Dispose();
        first.Dispose();
        Run(troupe, 64);
        Assert.That(second.Read().Runs, Has.Count.EqualTo(1), "one is left");
        Assert.That(() => first.Read(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Troupe_ThatNobodyWatches_KeepsNothingAndDoesNotReadTheClock()
    {
        var clock = new CountingClock();
        using var troupe = new TinyTroupe<int, int>(
            x => x < 0 ? throw new FormatException() : x, new ThreadTroupeOptions { Workers = 1, TimeProvider = clock });
        Run(troupe, 64);
        var reads = clock.Reads;
        Run(troupe, 640);
        Fault(troupe, -20, 20);
        Assert.That((clock.Reads, troupe.Inside.Core.Sampling), Is.EqualTo((reads, (object?)null)));

        using (troupe.Watch()) Run(troupe, 64);
        Assert.That(clock.Reads, Is.GreaterThan(reads));
        reads = clock.Reads;
        Run(troupe, 640);
        Fault(troupe, -20, 20);
        Assert.That((clock.Reads, troupe.Inside.Core.Sampling), Is.EqualTo((reads, (object?)null)), "the watch is over");
    }

    [Test]
    public void Watch_OfATroupeOfAnotherKind_SeesNothing()
    {
        using var inner = Troupe(x => x);
        using var watch = new Foreign(inner).Watch();
        Run(inner, 64);
        var seen = watch.Read();
        Assert.That((seen.Waits.Count, seen.Runs.Count, seen.Faults.Count, seen.Inputs.Count, seen.LongestRunning),
            Is.EqualTo((0, 0, 0, 0, (RunningTask?)null)));
        Assert.That(() => ((ITroupe)null!).Watch(), Throws.ArgumentNullException);
    }

    [Test]
    [NonParallelizable]   // the garbage collector
    public void Watch_ThatWasDropped_Ends()
    {
        using var troupe = Troupe(x => x);
        Drop(troupe);
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return troupe.Inside.Core.Sampling is null;
            },
            "the end of a watch that nobody holds");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(TinyTroupe<int, int> troupe)
        {
            _ = troupe.Watch().Read();
            Assert.That(troupe.Inside.Core.Sampling, Is.Not.Null);
        }
    }

    [Test]
    [NonParallelizable]   // the garbage collector
    public void Watch_OfATroupeThatWasDropped_DoesNotKeepIt()
    {
        var (facade, inside, watch) = Drop();
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !facade.IsAlive && !inside.IsAlive;
            },
            "the collection of a troupe that only a watch knows");
        Assert.That(watch.Read().Runs, Has.Count.EqualTo(1), "what it saw before");
        watch.Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference Facade, WeakReference Inside, TroupeWatch Watch) Drop()
        {
            var troupe = new TinyTroupe<int, int>(x => x, new PoolTroupeOptions { Workers = 1 });
            var watch = troupe.Watch();
            Run(troupe, 64);
            return (new WeakReference(troupe), new WeakReference(troupe.Inside), watch);
        }
    }

    [Test]
    public void Watches_ThatComeAndGoWhileTasksRun_LoseNoTaskAndMeasureSome()
    {
        const int Tasks = 25_000;
        using var troupe = new TinyTroupe<int, int>(
            x => x % 1000 == 999 ? throw new FormatException() : x, new ThreadTroupeOptions { Workers = 2, Capacity = 256 });
        using var steady = troupe.Watch();
        using var ends = new CancellationTokenSource();
        var watchers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!ends.IsCancellationRequested)
            {
                using var watch = troupe.Watch();
                for (var i = 0; i < 5; i++) watch.Read();
            }
        })).ToArray();
        long faulted = 0, measured = 0;
        Thread[] submitters = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Tasks; i++)
            {
                var future = i % 3 == 0 ? troupe.Submit(TinyFuture.FromResult(i)) : troupe.Submit(i);
                if (i % 100 != 99) continue;
                Within.Until(() => future.IsCompleted, "a task");
                if (future.Exception is not null) Interlocked.Increment(ref faulted);
            }
        }))];
        foreach (var submitter in submitters) submitter.Start();
        while (submitters.Any(static submitter => !submitter.Join(1))) measured += steady.Read().Waits.Count;
        Within.Until(() => troupe.Snapshot() is { Waiting: 0, Running: 0 }, "the end of all tasks");
        measured += steady.Read().Waits.Count;
        ends.Cancel();
        foreach (var watcher in watchers) Within.Until(() => watcher.IsCompletedSuccessfully, "a watcher");
        var now = troupe.Snapshot();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((now.Accepted, now.Succeeded, now.Faulted), Is.EqualTo((4L * Tasks, 4L * Tasks * 999 / 1000, 4L * Tasks / 1000)));
            Assert.That(faulted, Is.EqualTo(now.Faulted));
            Assert.That(measured, Is.InRange(4 * Tasks / 64 / 4, 4 * Tasks / 64 * 2));
        }

        steady.Dispose();
        Assert.That(troupe.Inside.Core.Sampling, Is.Null);
    }

    private static void Run(TinyTroupe<int, int> troupe, int tasks)
    {
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, tasks).Select(i => troupe.Submit(i))];
        foreach (var future in futures) Within.Time(future);
    }

    private static void Fault(TinyTroupe<int, int> troupe, int first, int tasks)
    {
        for (var i = first; i < first + tasks; i++)
        {
            var future = troupe.Submit(i);
            Within.Until(() => future.Exception is not null, "a fault");
        }
    }

    private static string[] Faults(TroupeWatch watch, int count)
    {
        List<string> told = [];
        Within.Until(
            () =>
            {
                told.AddRange(watch.Read().Faults.Select(static fault => fault.Message));
                return told.Count >= count;
            },
            $"the texts of {count} faults");
        Assert.That(told, Has.Count.EqualTo(count));
        return [.. told];
    }

    private TinyTroupe<int, int> Troupe(Func<int, int> function, string? name = null) =>
        new(function, new ThreadTroupeOptions { Workers = 1, TimeProvider = _clock, Name = name });

    private int Pass(int x)
    {
        Within.Wait(_gate);
        return x;
    }

    private sealed class Hostile(Func<string> message) : Exception
    {
        public override string Message => message();
    }

    private sealed class CountingClock : TimeProvider
    {
        private long _reads;

        public long Reads => Interlocked.Read(ref _reads);

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _reads);
            return base.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Increment(ref _reads);
            return base.GetUtcNow();
        }
    }

    private sealed class Foreign(ITroupe inner) : ITroupe
    {
        public string Name => inner.Name;

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => inner.WhenReadyAsync(cancellationToken);

        public TroupeSnapshot Snapshot() => inner.Snapshot();

        public TroupeExplanation Explain(TroupeExplanation? since = null) => inner.Explain(since);

        public Task StopAsync(CancellationToken cancellationToken) => inner.StopAsync(cancellationToken);

        public void Abort() => inner.Abort();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
