using TinyWorker.Composing;
using TinyWorker.Threading;
using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// The programs that run under the schedules, on threads and on the pool. Each runs a few steps at the same time that may disturb each
/// other. <see cref="LedgerTroupe.Check()"/> checks what must hold at the end of each; the <see cref="Scheduler"/> checks that every thread
/// ends.
/// </summary>
internal static partial class Programs
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static void SubmittersAndADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); },
            () => { troupe.Submit(11); troupe.Submit(-12); },
            troupe.Dispose);
    }

    public static void BurstsForThreeWorkers(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 3);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); troupe.Submit(3); },
            () => { troupe.Submit(11)?.Result(); troupe.Submit(12)?.Result(); });
    }

    public static void NoTaskWaitsWhileAWorkerIsParked(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 3);
        TinyFuture<int>? running = null;
        Together(
            () => running = troupe.Submit(LedgerTroupe.UntilCancelled),
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2)!.Result(); },
            () => troupe.Submit(11)!.Result());
        troupe.Cancel(running);
    }

    public static void TwoSubmittersAtAFullGate(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); troupe.Submit(3); },
            () => { troupe.Submit(11); troupe.Submit(12); troupe.Submit(13); });
        run.End();
        Assert.That(troupe.Started.Where(number => number < 10), Is.Ordered);
        Assert.That(troupe.Started.Where(number => number > 10), Is.Ordered);
    }

    public static void TrySubmitAtAFullGate(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1, workers: 2);
        Together(
            () => { troupe.TrySubmit(1); troupe.TrySubmit(2); },
            () => { troupe.Submit(11); troupe.Submit(12); },
            () => { troupe.TrySubmit(21); troupe.SubmitAsync(22); });
    }

    // Under a scheduler a departure admits one ticket and no more: somebody else must go on.
    public static void ManyTicketsAtAGateThatIsEmptiedAtOnce(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 2, workers: 2);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); troupe.Submit(3); },
            () => { troupe.Submit(11); troupe.Submit(12); troupe.Submit(13); },
            () => { troupe.SubmitAsync(21); troupe.Submit(22); },
            () => { troupe.Cancel(troupe.Submit(31)); troupe.Cancel(troupe.Submit(32)); });
    }

    public static void AsyncSubmittersAtAFullGate(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1);
        Together(
            () => { troupe.SubmitAsync(1); troupe.SubmitAsync(2); },
            () => { troupe.SubmitAsync(11); troupe.Submit(12); });
    }

    public static void CancelledWaitsAtAFullGate(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1 + run.Random.Next(2));
        using var cancel = new CancellationTokenSource();
        Together(
            () => { troupe.Submit(1); troupe.Submit(2, cancel.Token); },
            () => { troupe.SubmitAsync(11, cancel.Token); troupe.Submit(12); },
            () => { troupe.Submit(21, cancel.Token); troupe.SubmitAsync(22); },
            cancel.Cancel);
    }

    public static void CancelledWaitForAPlaceThatNobodyLeaves(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1);
        var running = troupe.Submit(LedgerTroupe.UntilCancelled)!;
        Scheduler.Until(() => running.Status == TinyFutureStatus.Running);
        troupe.Submit(1);
        using var cancel = new CancellationTokenSource();
        Together(
            () => troupe.Submit(2, cancel.Token),
            () => troupe.SubmitAsync(3, cancel.Token),
            cancel.Cancel);
        troupe.Cancel(running);
    }

    // One that is recalled has never started (the ledger looks), and one that was not recalled goes on.
    public static void RecallsOfTasksThatStart(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => { Recall(1); Recall(2); },
            () => { Recall(11); troupe.Cancel(Recall(12)); },
            () => { troupe.Submit(21); Recall(22); });

        TinyFuture<int>? Recall(int number)
        {
            var future = troupe.Submit(number);
            Schedule.Point();
            if (troupe.Recall(future)) Assert.That(future!.WasRecalled, $"{future} waited, and was recalled");
            return future;
        }
    }

    public static void DisposersAndSubmittersAtAFullGate(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); },
            () => { troupe.SubmitAsync(11); troupe.TrySubmit(12); },
            troupe.Dispose,
            troupe.Dispose);
    }

    public static void DependentsOfATaskThatCompletes(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe(capacity: 2));
        var source = first.Submit(1)!;
        Together(
            () => second.Submit(second.Submit(source)!),
            () => second.Submit(source),
            () => second.SubmitAsync(source));
    }

    public static void DependentsInTheSameTroupe(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 1);
        Together(
            () => troupe.Submit(troupe.Submit(troupe.Submit(1)!)!),
            () => troupe.Submit(troupe.Submit(11)!));
    }

    public static void DependentsOfASource(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 3);
        var source = new TinyFutureSource<int>();
        Together(
            () => source.TrySetResult(1),
            () => { troupe.Submit(source.Future); troupe.Submit(source.Future); },
            () => troupe.Cancel(troupe.Submit(source.Future)),
            () => source.TrySetCanceled());
    }

    public static void FailureOfAnInput(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe(capacity: 2));
        var source = first.Submit(-1)!;
        Together(
            () => second.Submit(second.Submit(source)!),
            () => second.Submit(source),
            () => second.Submit(1));
    }

    public static void CancelAgainstTheStart(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2));
        TinyFuture<int>? first = null;
        Together(
            () => { first = troupe.Submit(1); troupe.Submit(2); },
            () => { Scheduler.Until(() => first is not null); troupe.Cancel(first); },
            () => troupe.Cancel(troupe.Submit(11)));
    }

    public static void CancelAgainstTheEnd(ProgramRun run)
    {
        var troupe = run.Troupe();
        var running = troupe.Submit(LedgerTroupe.UntilCancelled)!;
        var stopped = 0;
        Together(
            () => { if (troupe.Cancel(running)) stopped++; },
            () => { if (troupe.Cancel(running)) stopped++; },
            () => troupe.Cancel(troupe.Submit(1)));
        Assert.That(stopped, Is.EqualTo(1), "calls of Cancel that stopped the task");
    }

    public static void CancelByTheSubmittersToken(ProgramRun run)
    {
        var troupe = run.Troupe();
        using var cancel = new CancellationTokenSource();
        Together(
            () => { troupe.Submit(LedgerTroupe.UntilCancelled, cancel.Token); troupe.Submit(1, cancel.Token); },
            () => troupe.Submit(11),
            cancel.Cancel);
    }

    public static void CancelOfADependent(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe());
        var source = first.Submit(1)!;
        var dependent = second.Submit(source)!;
        Together(
            () => second.Cancel(dependent),
            () => second.Submit(dependent),
            () => first.Cancel(source));
    }

    public static void TasksThatRunAgainAgainstACancellerAndADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2), attempts: 3);
        TinyFuture<int>? again = null;
        Together(
            () => { again = troupe.Submit(-1); troupe.Submit(2); },
            () => { troupe.Submit(-11); troupe.Submit(12); },
            () => troupe.Cancel(again),
            troupe.Dispose);
    }

    public static void TasksThatPauseAndRunAgainAgainstAnAbort(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, attempts: 2, retryDelay: Second);
        Together(
            () => { troupe.Submit(-1); troupe.Submit(2); },
            () => troupe.Submit(-11),
            () => { run.Clock.Advance(2 * Second); troupe.Abort(); });
    }

    public static void AHungWorkerThatComesBack(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2), replacesHungWorkers: false);
        Together(
            () =>
            {
                var hung = troupe.Submit(LedgerTroupe.Hung)!;
                troupe.Cancel(hung);
                PassTime(run, hung);
                troupe.Submit(1);
            },
            () => troupe.Submit(11),
            () => { run.Clock.Advance(2 * Second); troupe.Release(); });
    }

    public static void AbortAgainstSubmitters(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 2);
        Together(
            () => { troupe.Submit(1); troupe.Submit(LedgerTroupe.UntilCancelled); },
            () => { if (troupe.Submit(11) is { } first) troupe.Submit(first); },
            () => troupe.SubmitAsync(21),
            troupe.Abort);
    }

    public static void AbortDuringADrain(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        var never = new TinyFutureSource<int>();
        troupe.Submit(never.Future);
        troupe.Submit(LedgerTroupe.UntilCancelled);
        Together(
            troupe.Dispose,
            () => troupe.Submit(1),
            troupe.Abort);
    }

    public static void AbortAgainstASource(ProgramRun run)
    {
        var troupe = run.Troupe();
        var source = new TinyFutureSource<int>();
        Together(
            () => troupe.Submit(source.Future),
            () => source.TrySetResult(1),
            () => { if (troupe.Submit(source.Future) is { } first) troupe.Submit(first); },
            troupe.Abort);
    }

    public static void AbortAgainstDependentsOfASourceThatNeverCompletes(ProgramRun run)
    {
        var troupe = run.Troupe();
        var never = new TinyFutureSource<int>();
        Together(
            () => troupe.Submit(never.Future),
            () => { if (troupe.Submit(never.Future) is { } first) troupe.Submit(first); },
            troupe.Abort);
    }

    public static void WorkerThatCannotStart(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2), capacity: 2, cannotStart: true);
        var (source, never) = (new TinyFutureSource<int>(), new TinyFutureSource<int>());
        Together(
            () => { troupe.Submit(1); troupe.Submit(never.Future); },
            () => { troupe.Submit(source.Future); troupe.Submit(-3); },
            () => source.TrySetResult(11));
    }

    public static void SubmitFromInside(ProgramRun run)
    {
        LedgerTroupe troupe = null!;
        troupe = run.Troupe(capacity: 1, inside: number =>
        {
            if (number > 10) return;
            troupe.Submit(number + 10);
            troupe.Submit(number + 20);
        });
        Together(
            () => troupe.Submit(1)?.Result(),
            () => troupe.Submit(2)?.Result());
    }

    public static void AwaitInsideAWorker(ProgramRun run)
    {
        var first = run.Troupe(workers: 2);
        var second = run.Troupe(capacity: 2, before: async number => await first.Submit(number + 10)!);
        Together(
            () => { second.Submit(1); second.Submit(2); },
            () => second.Cancel(second.Submit(3)),
            () => first.Submit(4));
        second.Dispose();   // first, because its tasks need the other troupe
    }

    public static void CodeThatATaskLeavesRunningOnItsThread(ProgramRun run)
    {
        var source = new TinyFutureSource<int>();
        var left = 0;
        var troupe = run.Troupe(workers: 2, before: number =>
        {
            _ = GoOnLater();
            return Task.CompletedTask;
        });
        Together(
            () => { troupe.Submit(1)?.Result(); troupe.Submit(2)?.Result(); },
            () => { troupe.Submit(11)?.Result(); troupe.Submit(12); },
            () => source.TrySetResult(1));
        Scheduler.Until(() => left == 0, "the code that the tasks left running");

        async Task GoOnLater()
        {
            left++;
            await source.Future;
            Schedule.Point();   // other threads may run meanwhile
            left--;
        }
    }

    public static void ThreadsBlockedOnResults(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe());
        var source = first.Submit(1)!;
        var dependent = second.Submit(source)!;
        Together(
            () => Assert.That(dependent.Result(), Is.EqualTo(3)),
            () => Assert.That(source.Result(), Is.EqualTo(2)),
            () => Assert.That(first.Submit(11)!.Result(), Is.EqualTo(12)),
            () => Assert.That(source.Result(), Is.EqualTo(2)));
    }

    public static void CallbacksAndSteps(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe());
        var source = first.Submit(1)!;
        var called = 0;
        Together(
            () => source.OnCompleted(_ => called++),
            () => second.Submit(source.Then(x => x + 10)),
            () => { source.OnCompleted(_ => called++); source.Then(x => x).Cancel(); });
        Scheduler.Until(() => called == 2, "both callbacks");
    }

    public static void StepsThatSubmit(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe());
        var source = first.Submit(1)!;
        Together(
            () => Assert.That(source.Then(x => second.Submit(x + 10)!).Result(), Is.EqualTo(13)),
            () => { var step = source.Then(x => second.Submit(x + 20)!); step.Cancel(); Scheduler.Until(() => step.IsCompleted, "it"); },
            () => Assert.That(source.Then(_ => first.Submit(-1)!).Recover(_ => 7).Result(), Is.EqualTo(7)));
    }

    public static void WaitInsideAWorkerForAStepThatSubmitsToItsTroupe(ProgramRun run)
    {
        var other = run.Troupe();
        LedgerTroupe own = null!;
        var refused = 0;
        own = run.Troupe(workers: 2, inside: number =>
        {
            if (number > 10) return;
            try
            {
                var step = other.Submit(number)!.Then(x => own.Submit(x + 10)!);
                Assert.That(step.Result(), Is.EqualTo(number + 12), "it ended before the wait had begun");
            }
            catch (InvalidOperationException)
            {
                refused++;
            }
        });
        Together(
            () => own.Submit(1)!.Result(),
            () => own.Submit(2)!.Result());
        Assert.That(refused, Is.LessThanOrEqualTo(2));
    }

    public static void WaitsThatAreCancelledAgainstTheEnd(ProgramRun run)
    {
        var troupe = run.Troupe();
        var future = troupe.Submit(1)!;
        using var cancellation = new CancellationTokenSource();
        Task<int>? first = null, second = null;
        Together(
            () => first = future.WaitAsync(Timeout.InfiniteTimeSpan, cancellation.Token),
            cancellation.Cancel,
            () => second = future.WaitAsync(Timeout.InfiniteTimeSpan));
        Scheduler.Until(() => first!.IsCompleted && second!.IsCompleted, "both waits");
        Assert.That(first!.IsCanceled || first.Result == 2);
        Assert.That(second!.Result, Is.EqualTo(2));
    }

    public static void FaultsAtWhichSomebodyLooksAgainstTheEnd(ProgramRun run)
    {
        var (first, second) = (run.Troupe(), run.Troupe());
        var fault = first.Submit(-1)!;
        TinyFuture<int>? dependent = null;
        Together(
            () => dependent = second.Submit(fault),
            () => Assert.That(() => fault.Result(), Throws.Exception),
            first.Dispose,
            () => { fault.Then(x => x).Cancel(); });
        if (dependent is not null) Assert.That(dependent.Exception, Is.SameAs(fault.Exception));
    }

    public static void AllAndAny(ProgramRun run)
    {
        var (first, second) = (run.Troupe(workers: 2), run.Troupe());
        TinyFuture<int>[] sources = [first.Submit(1)!, first.Submit(2)!];
        Together(
            () => Assert.That(TinyFuture.WhenAll(sources).Result(), Is.EqualTo([2, 3])),
            () => Assert.That(TinyFuture.WhenAny(sources).Result().Result(), Is.EqualTo(2).Or.EqualTo(3)),
            () => TinyFuture.WhenAll(sources).Cancel(),
            () => second.Submit(TinyFuture.WhenAny(sources).Then(winner => winner.Result())));
    }

    public static void TimeoutAgainstTheEnd(ProgramRun run)
    {
        var troupe = run.Troupe(timeout: Second);
        var running = troupe.Submit(LedgerTroupe.UntilCancelled)!;
        Together(
            () => PassTime(run, running),
            () => troupe.Submit(1),
            () => troupe.Cancel(troupe.Submit(11)));
    }

    public static void HungTaskIsAbandoned(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2));
        var hung = troupe.Submit(LedgerTroupe.Hung)!;
        Together(
            () => { troupe.Cancel(hung); PassTime(run, hung); },
            () => troupe.Submit(1),
            () => { if (run.Random.Next(2) == 0) troupe.Release(); });
        troupe.Submit(11)!.Result();
        troupe.Release();
    }

    public static void AbortOfAHungTask(ProgramRun run)
    {
        var troupe = run.Troupe();
        var hung = troupe.Submit(LedgerTroupe.Hung)!;
        Together(
            () => { troupe.Abort(); PassTime(run, hung); },
            troupe.Dispose,
            () => { if (run.Random.Next(2) == 0) troupe.Release(); });
        troupe.Release();
    }

    public static void WorkersThatAreReplaced(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, tasksPerWorker: 1);
        Together(
            () => { troupe.Submit(1); troupe.Submit(-2); },
            () => { troupe.Submit(11); troupe.Cancel(troupe.Submit(12)); },
            troupe.Dispose);
    }

    public static void SnapshotsMeanwhile(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 2);
        Together(
            () => { troupe.Submit(1); troupe.Submit(-2); troupe.Submit(3); },
            () => troupe.Cancel(troupe.Submit(11)),
            () =>
            {
                troupe.Submit(21)!.Result();
                Assert.That(troupe.Troupe.Snapshot().Succeeded, Is.Positive, "a task whose result is there is counted");
            },
            () =>
            {
                long accepted = 0, ended = 0;
                for (var i = 0; i < 3; i++)
                {
                    var now = troupe.Troupe.Snapshot();
                    var endedNow = now.Succeeded + now.Faulted + now.Canceled;
                    Assert.That(now.Accepted, Is.EqualTo(now.Waiting + now.Running + endedNow).And.AtLeast(accepted), now.ToString());
                    Assert.That(now.Waiting, Is.InRange(0, 2), now.ToString());
                    Assert.That(now.Running, Is.InRange(0, 2), now.ToString());
                    Assert.That(endedNow, Is.AtLeast(ended), now.ToString());
                    (accepted, ended) = (now.Accepted, endedNow);
                }
            });
    }

    public static void ManyTombstones(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 8);
        var running = troupe.Submit(LedgerTroupe.UntilCancelled);
        Together(
            () => { for (var i = 1; i <= 4; i++) troupe.Cancel(troupe.Submit(i)); },
            () => { troupe.Submit(11); troupe.Submit(12); },
            () => troupe.Cancel(running));
    }

    // The items are cancelled, added and taken into a batch at the same time. Each ends once, and is in one batch at the most.
    public static void FormationOfBatchesAgainstCancel(ProgramRun run)
    {
        List<int> taken = [];
        using var inner = Batches(run, taken);
        var troupe = inner.Batched(new() { MaxSize = 2, Capacity = 2, IsolateFaults = true });
        List<TinyFuture<int>> futures = [];
        Together(
            () => { futures.Add(troupe.Submit(1)); futures.Add(troupe.Submit(-2)); futures.Add(troupe.Submit(3)); },
            () =>
            {
                var future = troupe.Submit(11);
                futures.Add(future);
                future.Cancel();
                future = troupe.Submit(12);
                futures.Add(future);
                if (run.Random.Next(2) == 0) future.CancelWithoutGrace();
            },
            () => futures.Add(troupe.Submit(troupe.Submit(21))));
        Drain(troupe);
        Assert.That(futures.TrueForAll(future => future.IsCompleted));
        foreach (var number in taken.Distinct().Where(number => number is not -2))
            Assert.That(taken.Count(one => one == number), Is.LessThanOrEqualTo(2), "once, and once more without the item that faults");
        Assert.That(futures[0].Status, Is.EqualTo(TinyFutureStatus.Succeeded).Or.EqualTo(TinyFutureStatus.Canceled));
        var now = troupe.Snapshot();
        Assert.That((now.Waiting, now.Running, now.Accepted), Is.EqualTo((0, 0, 7L)));
    }

    public static void AbortOfBatchesAgainstTheirFormation(ProgramRun run)
    {
        using var inner = Batches(run, []);
        var troupe = inner.Batched(new() { MaxSize = 2, Capacity = 2 });
        List<TinyFuture<int>> futures = [];
        Together(
            () => Add(troupe, futures, 1, 2, 3),
            () => Add(troupe, futures, 11, 12),
            troupe.Abort);
        Drain(troupe);
        Assert.That(futures.TrueForAll(future => future.IsCompleted));
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(futures.Count));
    }

    // A batch has failed, and its halves wait for a worker: an abort ends each item, whether its half is formed before, meanwhile or never.
    public static void AbortOfTheHalvesOfABatch(ProgramRun run)
    {
        using var inner = Batches(run, []);
        var troupe = inner.Batched(new() { MaxSize = 2, Capacity = 4, IsolateFaults = true });
        List<TinyFuture<int>> futures = [];
        Add(troupe, futures, -2, 1);
        Together(
            () => Add(troupe, futures, 3, 4),
            troupe.Abort);
        Drain(troupe);
        Assert.That(futures.TrueForAll(future => future.IsCompleted));
    }

    public static void DelayOfABatchAgainstCancelAndADrain(ProgramRun run)
    {
        using var inner = Batches(run, []);
        var troupe = inner.Batched(new() { MaxSize = 3, MaxDelay = Second, TimeProvider = run.Clock });
        List<TinyFuture<int>> futures = [];
        Together(
            () => { futures.Add(troupe.Submit(1)); futures.Add(troupe.Submit(2)); },
            () => { var future = troupe.Submit(11); futures.Add(future); future.Cancel(); },
            () => { run.Clock.Advance(Second); run.Clock.Advance(Second); });
        if (run.Random.Next(2) == 0)
            foreach (var future in futures) PassTime(run, future);
        Drain(troupe);
        Assert.That(futures.TrueForAll(future => future.IsCompleted));
    }

    // The first stage hands over to the second while the task is cancelled.
    public static void CancelOfAPipelineAgainstTheHandOver(ProgramRun run)
    {
        using var first = Numbers(run);
        using var second = Numbers(run);
        var pipeline = first.Into(second);
        List<TinyFuture<int>> futures = [];
        Together(
            () => { Add(pipeline, futures, 1); foreach (var future in futures.ToArray()) future.Cancel(); Add(pipeline, futures, 2); },
            () => { Add(pipeline, futures, -11, 12); foreach (var future in futures.ToArray()) future.CancelWithoutGrace(); },
            () => { if (run.Random.Next(3) == 0) pipeline.Abort(); });
        Drain(pipeline);
        Assert.That(futures.TrueForAll(future => future.IsCompleted));
        foreach (var part in new[] { first, second })
        {
            var now = part.Snapshot();
            Assert.That((now.Waiting, now.Running), Is.EqualTo((0, 0)), "nothing of a pipeline runs once it is drained");
        }
    }

    // The task of StopAsync goes on on a thread that the scheduler does not own.
    private static void Drain(ITroupe composed)
    {
        _ = composed.DisposeAsync().AsTask();
        Scheduler.Until(() => ((ComposedTroupe)composed).Tasks.Drained.IsCompleted, "the drain");
    }

    private static void Add(ITinyTroupe<int, int> troupe, List<TinyFuture<int>> futures, params int[] numbers)
    {
        try
        {
            foreach (var number in numbers) futures.Add(troupe.Submit(number));
        }
        catch (ObjectDisposedException)
        {
            // An abort was first.
        }
    }

    private static TinyTroupe<int, int> Numbers(ProgramRun run) => new(
        (number, _) =>
        {
            Schedule.Point();   // other threads may run meanwhile
            return number < 0 ? throw new ArithmeticException($"{number} is negative.") : number + 1;
        }, run.Backend with { Workers = 1, Capacity = 4, TimeProvider = run.Clock });

    private static TinyTroupe<int[], int[]> Batches(ProgramRun run, List<int> taken) => new(
        (numbers, _) =>
        {
            Schedule.Point();   // other threads may run meanwhile
            taken.AddRange(numbers);
            return numbers.Contains(-2) ? throw new ArithmeticException("-2 is negative.") : Array.ConvertAll(numbers, x => x + 100);
        }, run.Backend with { Workers = 1 + run.Random.Next(2), Capacity = 4, TimeProvider = run.Clock });

    private static void PassSecond(ProgramRun run)
    {
        run.Clock.Advance(Second);
        Schedule.Yield();
    }

    private static void PassTime(ProgramRun run, TinyFuture<int> until)
    {
        while (!until.IsCompleted) PassSecond(run);
    }
}
