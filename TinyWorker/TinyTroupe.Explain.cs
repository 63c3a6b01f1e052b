using TinyWorker.Diagnostics;
using TinyWorker.Streaming;

namespace TinyWorker;

// What holds the troupe up. Nothing is measured for it while tasks run: it is told from the counts at one moment or, better, at two.
public sealed partial class TinyTroupe<TIn, TOut>
{
    private readonly long _madeAt;

    /// <summary>The maps that are being enumerated.</summary>
    internal WeakSet<MapWindow<TIn, TOut>> Maps { get; } = new();

    /// <summary>
    /// Tells whether the workers are starved, blocked or busy, about how long tasks wait and run, and what to change. Takes a moment, whatever the
    /// tasks do, and may be called from anywhere.
    /// </summary>
    /// <remarks>
    /// The condition is that of this moment: a troupe that is about its work is worth asking more than once. The rate, and the times that follow
    /// from it, are means over the whole life of the troupe; with an explanation from before, over the time since then, which tells more:
    /// keep one, and ask again some seconds later. They are estimates from counts; for each task's own times listen to the meter.
    /// </remarks>
    /// <param name="since">An explanation of this troupe from before; null for none.</param>
    /// <returns>The paragraph and the figures behind it.</returns>
    /// <exception cref="ArgumentException">The explanation is of another troupe.</exception>
    public TroupeExplanation Explain(TroupeExplanation? since = null)
    {
        if (since is not null && since.Snapshot.Name != Name)
            throw new ArgumentException($"That explains '{since.Snapshot.Name}', and this is '{Name}'. Hand in what this troupe's own Explain returned.", nameof(since));

        var now = Snapshot();
        var takenAt = TimeProvider.GetTimestamp();
        var waitingForInput = Math.Min(now.Waiting, WaitingRoom.Count());
        var over = TimeProvider.GetElapsedTime(since?.TakenAt ?? _madeAt, takenAt);
        var ended = EndedIn(now) - (since is null ? 0 : EndedIn(since.Snapshot));
        var askedToStop = Array.FindAll(Crew.Loops, static loop => loop.IsAskedToStop).Length;
        MapWindow<TIn, TOut>[] maps = [.. Maps];
        var ready = now.Waiting - waitingForInput;
        return new TroupeExplanation
        {
            Condition = ConditionOf(now, ready, askedToStop, maps, since),
            Snapshot = now,
            WaitingForInput = waitingForInput,
            AskedToStop = askedToStop,
            WindowItems = maps.Sum(static map => map.Count),
            WindowSize = maps.Sum(static map => map.Size),
            Over = over,
            Ended = ended,
            Restarts = RestartsIn(now) - (since is null ? 0 : RestartsIn(since.Snapshot)),
            Wait = since is null ? ByLittlesLaw(ready) : ByLittlesLaw((ready + since.Ready) / 2.0),
            Run = since is null ? ByLittlesLaw(now.Running) : ByLittlesLaw((now.Running + since.Snapshot.Running) / 2.0),
            BrokenBy = Verdict is { IsCancellation: false } fault ? fault.Exception.Message : null,
            TakenAt = takenAt,
        };

        // None at one moment or two is no mean: tasks that come one by one are never seen by who asks between them.
        TimeSpan? ByLittlesLaw(double present) => ended > 0 && present > 0 ? present / ended * over : null;
    }

    private TroupeCondition ConditionOf(TroupeSnapshot now, int ready, int askedToStop, MapWindow<TIn, TOut>[] maps, TroupeExplanation? since)
    {
        if (Verdict is { } verdict) return verdict.IsCancellation ? TroupeCondition.Stopped : TroupeCondition.Broken;
        if (Crew.Gone.IsCompleted) return TroupeCondition.Stopped;
        if (askedToStop > 0 || now.Abandoned > (since?.Snapshot.Abandoned ?? 0)) return TroupeCondition.Hung;

        var hasIdle = now.Workers.Any(static worker => worker.State == WorkerState.Idle);
        if (!hasIdle && now.Running == 0 && now.Workers.Any(static worker => worker.State == WorkerState.Starting)) return TroupeCondition.Starting;
        // Somebody between two tasks is not idle: where tasks wait, it is about to take one.
        if (ready >= Workers) return TroupeCondition.Saturated;
        if (!hasIdle || ready > 0) return TroupeCondition.Busy;
        if (Array.Exists(maps, static map => map.WaitsFor == MapWait.Consumer)) return TroupeCondition.HeldByConsumer;
        if (Array.Exists(maps, static map => map.WaitsFor == MapWait.Task && !map.HasRoom)) return TroupeCondition.HeldByWindow;
        return now.Waiting > 0 ? TroupeCondition.WaitingForInput : TroupeCondition.Starved;
    }

    private static long EndedIn(TroupeSnapshot snapshot) => snapshot.Succeeded + snapshot.Faulted + snapshot.Canceled;

    private static int RestartsIn(TroupeSnapshot snapshot) => snapshot.Workers.Sum(static worker => worker.Restarts);
}
