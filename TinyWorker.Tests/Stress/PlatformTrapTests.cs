namespace TinyWorker.Tests.Stress;

/// <summary>
/// One test for each trap of the platform that the design names and that no other test covers. ContentionTests covers
/// dotnet/runtime#131141. The contract covers the stacks on which continuations run.
/// </summary>
[NonParallelizable]   // it keeps the processors busy, and measures how often threads sleep
internal sealed class PlatformTrapTests
{
    private static readonly TinyTroupeOptions[] Backends =
    [
        new ThreadTroupeOptions { Name = "trap", Workers = 2, Capacity = 1, CancellationGrace = Timeout.InfiniteTimeSpan },
        new PoolTroupeOptions { Name = "trap", Workers = 2, Capacity = 1, CancellationGrace = Timeout.InfiniteTimeSpan },
    ];

    private static IEnumerable<TestCaseData> FewOrManyRounds =>
    [
        .. Backends.Select(options => new TestCaseData(options, 30)),
        .. Backends.Select(options => new TestCaseData(options, 300).SetCategory(LongTests.Category)),
    ];

    [TestCaseSource(nameof(Backends))]
    [Property("Issue", "dotnet/runtime#132094")]
    public async Task SubmitAsync_CancelledAsAPlaceBecomesFree_RunsItsTaskOnlyIfItWasAccepted_Runtime132094(TinyTroupeOptions options)
    {
        const int submitters = 4, each = 2_000;
        var runs = new int[submitters * each];
        var accepted = new TinyFuture<int>?[submitters * each];
        var troupe = new TinyTroupe<int, int>(x => Interlocked.Increment(ref runs[x]), options);

        await Within.Time(Task.WhenAll(Enumerable.Range(0, submitters).Select(me => Task.Run(() => Submit(me)))), "the submitters");
        Within.Time(troupe.Dispose, "the drain");

        for (var i = 0; i < runs.Length; i++)
        {
            var expected = accepted[i] is { Status: TinyFutureStatus.Succeeded } ? 1 : 0;
            Assert.That(runs[i], Is.EqualTo(expected), $"task {i}: {accepted[i]?.ToString() ?? "not accepted"}");
        }

        var now = troupe.Snapshot();
        TestContext.Out.WriteLine(troupe.ToString());
        Assert.That(now.Accepted, Is.EqualTo(accepted.Count(future => future is not null)).And.EqualTo(now.Succeeded + now.Canceled));
        Assert.That(now.Accepted, Is.InRange(1, runs.Length - 1), "some waits are cancelled in time, others are not");

        async Task Submit(int me)
        {
            for (var i = me * each; i < (me + 1) * each; i++)
            {
                var cancel = new CancellationTokenSource();   // not disposed, because it may be cancelled later
                if (i % 100 == 99) await cancel.CancelAsync();   // some are always cancelled
                var wait = troupe.SubmitAsync(i, cancel.Token);
                if (i % 4 != 0) ThreadPool.UnsafeQueueUserWorkItem(static cancel => cancel.Cancel(), cancel, preferLocal: i % 2 == 0);
                try
                {
                    accepted[i] = await wait;
                }
                catch (OperationCanceledException)
                {
                    // The wait was cancelled. The task must never run.
                }
            }
        }
    }

    [TestCaseSource(nameof(Backends))]
    [Property("Issue", "dotnet/runtime#132094")]
    public void Cancel_WhileAWorkerTakesTheTask_LosesNoOtherTask_Runtime132094(TinyTroupeOptions options)
    {
        const int rounds = 3_000;
        var troupe = new TinyTroupe<int, int>((x, token) => x, options);
        Within.Time(
            () =>
            {
                for (var i = 0; i < rounds; i++)
                {
                    var cancelled = troupe.Submit(-1);
                    if (i % 2 == 0) cancelled.Cancel();
                    else ThreadPool.UnsafeQueueUserWorkItem(static future => future.Cancel(), cancelled, preferLocal: false);
                    Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
                }

                troupe.Dispose();
            },
            "the rounds");
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Succeeded + now.Canceled), Is.EqualTo((2L * rounds, 2L * rounds)));
    }

    [TestCaseSource(nameof(FewOrManyRounds))]
    [Property("Trap", "Reader.Completion can hang when TryRead races TryComplete")]
    public void Dispose_RacingTheLastTasks_AlwaysEnds(TinyTroupeOptions options, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var troupe = new TinyTroupe<int, int>(x => x, options);
            using var start = new Barrier(2);
            var futures = new List<TinyFuture<int>>();
            var submitting = new Thread(() =>
            {
                start.SignalAndWait(Within.Deadline);
                try
                {
                    while (true) futures.Add(troupe.Submit(1));
                }
                catch (ObjectDisposedException)
                {
                    // The troupe has ended.
                }
            })
            { IsBackground = true, Name = "submitter" };
            submitting.Start();
            start.SignalAndWait(Within.Deadline);
            Within.Time(troupe.Dispose, "the end of a troupe");
            Assert.That(submitting.Join(Within.Deadline), Is.True);
            Assert.That(futures.Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Succeeded));
            Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(futures.Count));
        }

        Threads.AreGone("trap");
    }

    [Test]
    [Platform("Linux")]
    [Property("Trap", "one write wakes every reader that waits")]
    public void Submit_ToATroupeAsleep_WakesOneWorkerAndNotAll()
    {
        const int workers = 16, tasks = 100;
        var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "herd", Workers = workers });
        for (var i = 0; i < 10; i++) _ = Within.Time(troupe.Submit(i));
        var before = SleepsOnceAllAreAsleep();

        for (var i = 0; i < tasks; i++)
        {
            Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
            SleepsOnceAllAreAsleep();
        }

        var after = SleepsOnceAllAreAsleep();
        Within.Time(troupe.Dispose, "the end of the troupe");
        TestContext.Out.WriteLine($"{after - before} wake-ups of {workers} threads for {tasks} tasks");
        Assert.That(after - before, Is.InRange(1, tasks * workers / 2));

        // Waits until the threads of all workers sleep, and returns how often they have gone to sleep.
        static long SleepsOnceAllAreAsleep()
        {
            var sleeps = 0L;
            Within.Until(
                () =>
                {
                    var status = Threads.StatusOf("herd").ToArray();
                    sleeps = status.Sum(Sleeps);
                    return status.Length == workers
                        && status.All(lines => lines.Any(line => line.StartsWith("State:\tS", StringComparison.Ordinal)));
                },
                "the sleep of all workers");
            return sleeps;
        }

        static long Sleeps(string[] lines) => long.Parse(
            lines.First(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal)).Split('\t')[1],
            System.Globalization.CultureInfo.InvariantCulture);
    }

    [Test]
    [Property("Trap", "awaiting a task that carries a shared exception object lets its stack trace grow")]
    public async Task Fault_SharedByManyDependents_HasTheSameTraceAtEveryAwait()
    {
        using var troupe = new TinyTroupe<int, int>(_ => throw new FormatException(), new ThreadTroupeOptions { Workers = 1 });
        using var next = new TinyTroupe<int, int>(x => x, new PoolTroupeOptions { Workers = 1 });
        var first = troupe.Submit(1);
        var dependents = Enumerable.Range(0, 100).Select(_ => next.Submit(first)).ToArray();
        var lengths = new HashSet<int>();
        foreach (var dependent in dependents)
        {
            for (var i = 0; i < 3; i++)
            {
                var caught = await Trace(async () => await dependent.ConfigureAwait(false));
                Assert.That(caught, Is.SameAs(first.Exception));
                await Trace(() => dependent.AsTask());
                await Trace(() => Task.WhenAll(dependent.AsTask(), first.AsTask()));
                lengths.Add((await Trace(async () => await dependent.ConfigureAwait(false))).StackTrace!.Length);
            }
        }

        Assert.That(lengths, Has.Count.EqualTo(1));

        static async Task<Exception> Trace(Func<Task> step)
        {
            try
            {
                await Within.Time(step()).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                return e;
            }

            throw new AssertionException("Nothing was thrown.");
        }
    }
}
