using TinyWorker.Threading;
using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

// Priorities, keys, tasks for every worker, and pauses.
internal static partial class Programs
{
    public static void KeysOnSeveralWorkers(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 3);
        Together(
            () => { troupe.Submit(1, Key("a")); troupe.Submit(2, Key("a")); troupe.Submit(3, Key("b")); },
            () => { troupe.Submit(11, Key("b")); troupe.Submit(12, Key("c")); troupe.Submit(13, Key("c")); },
            () => { troupe.Submit(21); troupe.Submit(22, Key("a"))!.Result(); });
        run.End();
        Assert.That(troupe.Started.Where(static number => number is 1 or 2), Is.Ordered);
        Assert.That(troupe.Started.Where(static number => number is 12 or 13), Is.Ordered);
    }

    public static void KeysAgainstACancellerAndADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 4);
        TinyFuture<int>? first = null;
        TinyFuture<int>? second = null;
        Together(
            () => { first = troupe.Submit(1, Key("a")); second = troupe.Submit(2, Key("a")); troupe.Submit(3, Key("a")); },
            () => { troupe.Submit(11, Key("b")); troupe.Submit(12); },
            () => { troupe.Cancel(second); troupe.Cancel(first); },
            troupe.Dispose);
    }

    public static void KeysOfTasksThatRunAgain(ProgramRun run)
    {
        // Time passes only if nothing is cancelled: else a task that has not yet seen its token would lose its worker.
        var timePasses = run.Random.Next(2) == 0;
        var troupe = run.Troupe(workers: 2, attempts: 2, retryDelay: timePasses ? Second : TimeSpan.Zero);
        TinyFuture<int>? failing = null;
        Together(
            () =>
            {
                failing = troupe.Submit(-1, Key("a"));
                var last = troupe.Submit(2, Key("a"));
                if (timePasses) PassTime(run, last!);
            },
            () => { troupe.Submit(11, Key("b")); troupe.Submit(12, Key("a")); },
            () => { if (!timePasses) troupe.Cancel(failing); });
        run.End();
        Assert.That(troupe.Started.Where(static number => number is -1 or 2), Is.Ordered, "the key is held in the retry's pause");
    }

    public static void KeysAgainstAnAbort(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, attempts: 2, retryDelay: Second);
        Together(
            () => { troupe.Submit(-1, Key("a")); troupe.Submit(2, Key("a")); troupe.Submit(3, new SubmitOptions { Priority = 1 }); },
            () => { troupe.Submit(11, Key("b")); troupe.SubmitToEach(12); },
            troupe.Abort);
    }

    public static void AKeyOfATaskThatHangs(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        TinyFuture<int>? hung = null;
        Together(
            () =>
            {
                hung = troupe.Submit(LedgerTroupe.Hung, Key("a"))!;
                troupe.Cancel(hung);
                PassTime(run, hung);
            },
            () => { troupe.Submit(1, Key("a")); troupe.Submit(2); });
        troupe.Release();
    }

    public static void ATaskForEachWorkerBesideOthers(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, tasksPerWorker: 1 + run.Random.Next(2));
        Together(
            () => { foreach (var future in troupe.SubmitToEach(1)) future.Result(); },
            () => { troupe.Submit(11); troupe.Submit(12, Key("a")); },
            () => { troupe.SubmitToEach(21); });
    }

    public static void ATaskForEachWorkerAgainstADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => troupe.SubmitToEach(1),
            () => troupe.Submit(11),
            troupe.Dispose);
    }

    public static void Priorities(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 2);
        Together(
            () => { troupe.Submit(1, new SubmitOptions { Priority = 1 }); troupe.Submit(2, new SubmitOptions { Priority = -1 }); },
            () => { troupe.Submit(11); troupe.Cancel(troupe.Submit(12, new SubmitOptions { Priority = -1 })); },
            () => { troupe.SubmitAsync(21); troupe.Submit(22, new SubmitOptions { Priority = 2 })?.Result(); });
    }

    public static void APauseStartsNothing(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, capacity: 3);
        Together(
            () => { troupe.Submit(1); troupe.Submit(2, Key("a")); troupe.Submit(3, new SubmitOptions { Priority = 1 }); },
            () => { troupe.Submit(11)?.Result(); },
            () =>
            {
                troupe.Troupe.Pause();
                // What had started before may come to its code only now.
                while (troupe.Troupe.Snapshot().Running > 0) Schedule.Yield();
                var before = troupe.Started.Count;
                for (var i = 0; i < 5; i++) Schedule.Yield();
                Assert.That(troupe.Started, Has.Count.EqualTo(before), "a task has started in the pause");
                troupe.Troupe.Resume();
            });
    }

    public static void PausesOfTwoThreads(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        Together(
            () => { troupe.Submit(1, Key("a")); troupe.Submit(2); troupe.SubmitToEach(3); },
            () => { troupe.Troupe.Pause(); troupe.Troupe.Resume(); },
            () => { troupe.Troupe.Pause(); troupe.Troupe.Resume(); troupe.Troupe.Pause(); troupe.Troupe.Resume(); });
        troupe.Troupe.Resume();
    }

    public static void APauseAgainstAnEnd(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        var aborts = run.Random.Next(2) == 0;
        Together(
            () => { troupe.Submit(1); troupe.Submit(2, Key("a")); },
            () => { troupe.Troupe.Pause(); troupe.Submit(11); },
            () => { if (aborts) troupe.Abort(); else troupe.Dispose(); });
    }

    private static SubmitOptions Key(string key) => new() { Key = key };
}
