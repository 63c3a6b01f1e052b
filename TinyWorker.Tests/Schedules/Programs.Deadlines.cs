using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

// The deadline of one task, against whatever else may end it.
internal static partial class Programs
{
    public static void DeadlineAgainstTheStart(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2));
        Together(
            () => { troupe.Submit(1, deadline: Second); troupe.Submit(2); },
            () => troupe.SubmitAsync(11, deadline: Second),
            () => run.Clock.Advance(Second));
    }

    public static void DeadlineAgainstCancelAndTheEnd(ProgramRun run)
    {
        var troupe = run.Troupe();
        var running = troupe.Submit(LedgerTroupe.UntilCancelled, deadline: Second)!;
        Together(
            () => troupe.Cancel(troupe.Submit(1, deadline: Second)),
            () => { if (run.Random.Next(2) == 0) troupe.Cancel(running); },
            () => PassTime(run, running));
        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Canceled).Or.EqualTo(TinyFutureStatus.Faulted));
    }

    public static void DeadlineOfAHungTask(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2));
        var hung = troupe.Submit(LedgerTroupe.Hung, deadline: Second)!;
        Together(
            () => PassTime(run, hung),
            () => troupe.Submit(1),
            () => { if (run.Random.Next(2) == 0) troupe.Release(); });
        troupe.Release();
    }

    public static void DeadlinesAgainstAdmission(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1, grace: Timeout.InfiniteTimeSpan);
        var running = troupe.Submit(LedgerTroupe.UntilCancelled)!;
        var waiting = 3;
        Together(
            () => { troupe.Submit(1); waiting--; },
            () => { troupe.Submit(2, deadline: Second); waiting--; },
            () => { troupe.SubmitAsync(3, deadline: 2 * Second); waiting--; },
            () => { while (waiting > 0) PassSecond(run); },
            () => { if (run.Random.Next(2) == 0) troupe.Cancel(running); });
        troupe.Cancel(running);
    }

    public static void DeadlinesAtAFullGateAgainstADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 1, grace: Timeout.InfiniteTimeSpan);
        using var cancel = new CancellationTokenSource();
        Together(
            () => { troupe.Submit(1); troupe.Submit(2, Second, cancel.Token); },
            () => { troupe.SubmitAsync(11, Second, cancel.Token); troupe.Submit(12, deadline: Second); },
            () => run.Clock.Advance(Second),
            () => { if (run.Random.Next(2) == 0) cancel.Cancel(); },
            () => { if (run.Random.Next(2) == 0) troupe.Abort(); else troupe.Dispose(); });
    }

    public static void DeadlineAgainstTheInput(ProgramRun run)
    {
        var troupe = run.Troupe(capacity: 2);
        var source = new TinyFutureSource<int>();
        Together(
            () => { troupe.Submit(source.Future, deadline: Second); troupe.Submit(source.Future, deadline: Second); },
            () => run.Clock.Advance(Second),
            () => { source.TrySetResult(1); troupe.Submit(11); });
    }

    public static void DeadlineOfATaskThatRunsAgain(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1 + run.Random.Next(2), attempts: 2, retryDelay: Second, grace: Timeout.InfiniteTimeSpan);
        TinyFuture<int>? again = null;
        Together(
            () => { again = troupe.Submit(-1, deadline: Second); Scheduler.Until(() => again!.IsCompleted, "its end"); },
            () => troupe.Submit(2),
            () => { while (again is not { IsCompleted: true }) PassSecond(run); });
    }
}
