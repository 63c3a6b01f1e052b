using TinyWorker.Diagnostics;
using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// The programs that are run under the schedules, on threads and on the pool: each lets a few steps meet that may hurt each other. What
/// must hold at the end of each is in <see cref="LedgerTroupe.Check()"/>; that they end at all, with every thread, is seen by the <see cref="Scheduler"/>.
/// </summary>
internal static class Programs
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

    public static void NoTaskWaitsWhileAWorkerRests(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 3);
        TinyFuture<int>? patient = null;
        Together(
            () => patient = troupe.Submit(LedgerTroupe.Patient),
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2)!.Result(); },
            () => troupe.Submit(11)!.Result());
        troupe.Cancel(patient);
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
        var patient = troupe.Submit(LedgerTroupe.Patient)!;
        Scheduler.Until(() => patient.Status == TinyFutureStatus.Running);
        troupe.Submit(1);
        using var cancel = new CancellationTokenSource();
        Together(
            () => troupe.Submit(2, cancel.Token),
            () => troupe.SubmitAsync(3, cancel.Token),
            cancel.Cancel);
        troupe.Cancel(patient);
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

    public static void DependentsOfAPromise(ProgramRun run)
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
        var patient = troupe.Submit(LedgerTroupe.Patient)!;
        var heard = 0;
        Together(
            () => { if (troupe.Cancel(patient)) heard++; },
            () => { if (troupe.Cancel(patient)) heard++; },
            () => troupe.Cancel(troupe.Submit(1)));
        Assert.That(heard, Is.EqualTo(1), "calls of Cancel that stopped the task");
    }

    public static void CancelByTheSubmittersToken(ProgramRun run)
    {
        var troupe = run.Troupe();
        using var cancel = new CancellationTokenSource();
        Together(
            () => { troupe.Submit(LedgerTroupe.Patient, cancel.Token); troupe.Submit(1, cancel.Token); },
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

    public static void AbortAgainstSubmitters(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 2);
        Together(
            () => { troupe.Submit(1); troupe.Submit(LedgerTroupe.Patient); },
            () => { if (troupe.Submit(11) is { } first) troupe.Submit(first); },
            () => troupe.SubmitAsync(21),
            troupe.Abort);
    }

    public static void AbortDuringADrain(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        var never = new TinyFutureSource<int>();
        troupe.Submit(never.Future);
        troupe.Submit(LedgerTroupe.Patient);
        Together(
            troupe.Dispose,
            () => troupe.Submit(1),
            troupe.Abort);
    }

    public static void AbortAgainstAPromise(ProgramRun run)
    {
        var troupe = run.Troupe();
        var source = new TinyFutureSource<int>();
        Together(
            () => troupe.Submit(source.Future),
            () => source.TrySetResult(1),
            () => { if (troupe.Submit(source.Future) is { } first) troupe.Submit(first); },
            troupe.Abort);
    }

    public static void AbortAgainstDependentsOfWhatNeverEnds(ProgramRun run)
    {
        var troupe = run.Troupe();
        var never = new TinyFutureSource<int>();
        Together(
            () => troupe.Submit(never.Future),
            () => { if (troupe.Submit(never.Future) is { } first) troupe.Submit(first); },
            troupe.Abort);
    }

    public static void WorkerThatCannotBeMade(ProgramRun run)
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
        second.Dispose();   // before the other, which it needs
    }

    public static void WhatATaskLeavesRunningOnItsThread(ProgramRun run)
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
        Scheduler.Until(() => left == 0, "what was left running");

        async Task GoOnLater()
        {
            left++;
            await source.Future;
            Schedule.Point();   // it takes a while
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
        var patient = troupe.Submit(LedgerTroupe.Patient)!;
        Together(
            () => PassTime(run, patient),
            () => troupe.Submit(1),
            () => troupe.Cancel(troupe.Submit(11)));
    }

    public static void HungTaskIsGivenUp(ProgramRun run)
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
            () => { troupe.Submit(21)!.Result(); Assert.That(troupe.Troupe.Snapshot().Succeeded, Is.Positive, "what is seen to have ended is counted"); },
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

    public static void ManyShells(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 8);
        var patient = troupe.Submit(LedgerTroupe.Patient);
        Together(
            () => { for (var i = 1; i <= 4; i++) troupe.Cancel(troupe.Submit(i)); },
            () => { troupe.Submit(11); troupe.Submit(12); },
            () => troupe.Cancel(patient));
    }

    private static void PassTime(ProgramRun run, TinyFuture<int> until)
    {
        while (!until.IsCompleted)
        {
            run.Clock.Advance(Second);
            Schedule.Yield();
        }
    }
}
