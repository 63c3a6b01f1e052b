using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

// What an operator does to a worker, or to a task.
internal static partial class Programs
{
    // What was done ends, and each request that was accepted is met, without another submission, which might wake somebody for it.
    public static void RecycledWorkersAgainstSubmitters(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: run.Random.Next(2) == 0 ? null : 1);
        var accepted = 0;
        Together(
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2, new SubmitOptions { Key = "a" }); },
            () => { troupe.Submit(11, new SubmitOptions { Key = "a" }); troupe.SubmitToEach(12); },
            () => Recycle(0),
            () => { Recycle(0); Recycle(1); });
        var loops = troupe.Troupe.Inside.Loops;
        Scheduler.Until(
            () => Array.TrueForAll(loops.Loops, static loop => loop is { IsToBeReplaced: false, IsParked: true }),
            "the workers to be replaced");
        Assert.That(loops.Replaced, Is.InRange(accepted > 0 ? 1 : 0, accepted), "each request counts once at the most");

        void Recycle(int place)
        {
            if (troupe.Recycle(place)) accepted++;
        }
    }

    public static void RecycledWorkersAgainstResizes(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => { troupe.Submit(1, new SubmitOptions { Key = "a" }); troupe.SubmitToEach(2); troupe.Submit(3)!.Result(); },
            () => { troupe.Resize(1, mayCancel: true); troupe.Resize(2); },
            () => { troupe.Recycle(1); troupe.Recycle(0); });
    }

    public static void RecycledWorkersOfAPausedTroupe(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => { troupe.Troupe.Pause(); troupe.Troupe.Resume(); },
            () => { troupe.Submit(1); troupe.Submit(2, new SubmitOptions { Key = "a" })!.Result(); },
            () => { troupe.Recycle(0); troupe.Recycle(1); });
    }

    public static void RecycledWorkersAgainstTheEnd(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        var aborts = run.Random.Next(2) == 0;
        Together(
            () => { troupe.Submit(1); troupe.Submit(2); },
            () => { troupe.Recycle(0); troupe.Recycle(1); },
            () => { if (aborts) troupe.Abort(); },
            troupe.Dispose);
        Assert.That(troupe.Recycle(0), Is.False);
    }

    // The worker comes back by itself, or is given up, or is replaced when it has come back: once in any case.
    public static void RecycledWorkersThatHang(ProgramRun run)
    {
        var troupe = run.Troupe(replacesHungWorkers: run.Random.Next(2) == 0);
        var hung = troupe.Submit(LedgerTroupe.Hung)!;
        var isAccepted = false;
        Together(
            () => { troupe.Cancel(hung); PassTime(run, hung); },
            () => isAccepted = troupe.Recycle(0),
            () => troupe.Submit(1),
            () => { if (run.Random.Next(2) == 0) troupe.Release(); });
        troupe.Release();
        troupe.Submit(11)!.Result();
        var loops = troupe.Troupe.Inside.Loops;
        Scheduler.Until(() => loops.Loops is [{ IsToBeReplaced: false, IsParked: true }], "the worker to be replaced");
        if (isAccepted) Assert.That(loops.Replaced, Is.Positive);
    }

    // Idle workers that are about to leave, and are to be replaced.
    public static void RecycledWorkersThatAreIdle(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: run.Random.Next(2));
        Together(
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2)!.Result(); },
            () => { for (var i = 0; i < 2; i++) run.Clock.Advance(60 * Second); },
            () => { troupe.Recycle(0); troupe.Recycle(1); troupe.Recycle(0); });
    }

    // The number is that of one task: no other is asked to stop, though the worker has others before and after.
    public static void CancelOfARunningTaskByItsNumber(ProgramRun run)
    {
        var troupe = run.Troupe(attempts: 2);
        var loop = troupe.Troupe.Inside.Loops.Loops[0];
        var stopped = troupe.Submit(LedgerTroupe.UntilCancelled)!;
        Scheduler.Until(() => stopped.Status == TinyFutureStatus.Running, "the start");
        var number = loop.TaskNumber!.Value;
        var others = new[] { troupe.Submit(1)!, troupe.Submit(2)! };
        var control = (ITroupeControl)troupe.Troupe;
        var answers = 0;
        troupe.MayCancel();
        Together(Ask, Ask, () => troupe.Submit(3));
        Assert.That((answers, others[0].Result(), others[1].Result()), Is.EqualTo((1, 2, 3)));
        Assert.That(stopped.Status, Is.EqualTo(TinyFutureStatus.Canceled));

        void Ask()
        {
            if (control.Cancel(new RunningTask(0, default) { Number = number })) answers++;
        }
    }
}
