using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

// Workers that come and go, and Resize.
internal static partial class Programs
{
    public static void ResizeAgainstSubmitters(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: run.Random.Next(2) == 0 ? null : 1);
        Together(
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2); },
            () => { troupe.Submit(11); troupe.Submit(12)!.Result(); },
            () => { troupe.Resize(1); troupe.Resize(3); });
        run.End();
        Assert.That(troupe.Troupe.Workers, Is.EqualTo(3));
    }

    public static void ResizesAgainstTasksOfOneWorker(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: run.Random.Next(2) == 0 ? null : 0);
        Together(
            () => { troupe.Submit(1, new SubmitOptions { Key = "a" })!.Result(); troupe.Submit(2, new SubmitOptions { Key = "b" }); },
            () => { troupe.Submit(11, new SubmitOptions { Key = "a" }); troupe.SubmitToEach(12); },
            () => { troupe.Resize(1, mayCancel: true); troupe.Resize(2); },
            () => troupe.Resize(3));
    }

    public static void IdleWorkersThatLeaveAgainstSubmitters(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: run.Random.Next(2));
        Together(
            () => { troupe.Submit(1)!.Result(); troupe.Submit(2)!.Result(); },
            () => { troupe.Submit(11)!.Result(); troupe.Submit(12, new SubmitOptions { Key = "a" })!.Result(); },
            () => { for (var i = 0; i < 3; i++) run.Clock.Advance(60 * Second); });
    }

    // All that was done ends without another submission, which might wake somebody for it.
    public static void ABurstForATroupeWithoutAWorker(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 3, least: 0);
        TinyFuture<int>? running = null;
        Together(
            () => { running = troupe.Submit(LedgerTroupe.UntilCancelled); troupe.Submit(1)!.Result(); },
            () => { troupe.Submit(11)!.Result(); troupe.Submit(12)!.Result(); });
        troupe.Cancel(running);
    }

    public static void AnElasticTroupeAgainstADisposer(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2, least: 0);
        var source = new TinyFutureSource<int>();
        Together(
            () => { troupe.Submit(1); troupe.Submit(source.Future); },
            () => run.Clock.Advance(60 * Second),
            troupe.Dispose,
            () => source.TrySetResult(11));
    }

    // Its key goes elsewhere: nothing keeps the worker, though the pause goes on.
    public static void AResizeOfAPausedTroupe(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 2);
        troupe.Troupe.Pause();
        troupe.Submit(1, new SubmitOptions { Key = KeyOfPlace(1, of: 2) });
        Together(() => troupe.Resize(1), () => troupe.Submit(2));
        Scheduler.Until(() => troupe.Troupe.Inside.Loops.AllPlaces[1].Loop is null, "the worker to leave");
    }

    // What was to cut the making short does not reach a task of the worker that was made all the same.
    public static void AResizeAgainstWorkersThatAreMade(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1);
        IReadOnlyList<TinyFuture<int>> each = [];
        Together(
            () => { troupe.Resize(2); troupe.Resize(1, mayCancel: true); troupe.Resize(2); },
            () => each = troupe.SubmitToEach(LedgerTroupe.UntilCancelled));
        foreach (var future in each) troupe.Cancel(future);
    }

    // All that was done ends without another submission, as above.
    public static void AResumeAgainstTombstonesInATroupeWithoutAWorker(ProgramRun run)
    {
        var troupe = run.Troupe(workers: 1, least: 0);
        troupe.Troupe.Pause();
        var cancelled = Enumerable.Range(0, 4).Select(number => troupe.Submit(number)).ToArray();
        var waiting = troupe.Submit(11);
        Together(
            () => { foreach (var future in cancelled) troupe.Cancel(future); },
            troupe.Troupe.Resume);
        waiting!.Result();
    }

    private static string KeyOfPlace(int place, int of) =>
        Enumerable.Range(0, 1000).Select(static number => $"{number}").First(key => TinyWorker.Tasks.KeyPlaces.PlaceOf(key, of) == place);
}
