using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// What holds the troupe up. Nothing is measured for it while tasks run: it is computed from the counts at one moment or, better, at two.
internal sealed partial class Troupe<TIn, TOut>
{
    // So many tasks since the explanation before, and so many a second, make a troupe fed: a service that is called now and then is not.
    private const int FewTasks = 10;
    private const double FewTasksASecond = 1;

    private readonly object _identity = new();   // tells this troupe from every other one, whatever their names, and keeps it not alive

    /// <summary>The maps that are being enumerated.</summary>
    public WeakSet<IMapGauge> Maps { get; } = new();

    /// <param name="since">An explanation before; null for none.</param>
    /// <exception cref="ArgumentException">It is of another troupe.</exception>
    public TroupeExplanation Explain(TroupeExplanation? since)
    {
        if (since is not null && since.Troupe != _identity)
        {
            throw new ArgumentException(
                $"That explains another troupe, named '{since.Snapshot.Name}', and this is '{Name}'. " +
                "Hand in what this troupe's own Explain returned.",
                nameof(since));
        }

        var now = Counted();
        var takenAt = Core.TimeProvider.GetTimestamp();
        var over = Core.TimeProvider.GetElapsedTime(since?.TakenAt ?? _madeAt, takenAt);
        var replaced = _loops.Replaced;
        var ended = EndedIn(now) - (since is null ? 0 : EndedIn(since.Snapshot));
        var look = Look(now);
        var condition = look.Condition(since?.Snapshot.Abandoned ?? 0, since is not null && WasFed(since.Snapshot, now, over));
        return new TroupeExplanation
        {
            Condition = condition,
            Snapshot = now with { Condition = condition },
            WaitingForInput = look.WaitingForInput,
            Pausing = look.Pausing,
            AskedToStop = look.AskedToStop,
            WindowItems = look.Maps.Sum(static map => map.Count),
            WindowSize = look.Maps.Sum(static map => map.Size),
            Over = over,
            Ended = ended,
            Restarts = replaced - (since?.ReplacedSoFar ?? 0),
            ReplacedSoFar = replaced,
            Wait = since is null ? ByLittlesLaw(look.Ready) : ByLittlesLaw((look.Ready + since.Ready) / 2.0),
            Run = since is null ? ByLittlesLaw(now.Running) : ByLittlesLaw((now.Running + since.Snapshot.Running) / 2.0),
            EmptyPlaces = look.EmptyPlaces,
            StartPatience = Core.Settings.StartPatience,
            FailedBy = look.FailedBy,
            TakenAt = takenAt,
            Troupe = _identity,
        };

        // A count of none at one moment or two is not a mean: whoever asks between tasks that come one by one never sees any.
        TimeSpan? ByLittlesLaw(double present) => ended > 0 && present > 0 ? present / ended * over : null;
    }

    private Moment Look(TroupeSnapshot now) => new(this, now);

    // Whether tasks came in numbers. That at this moment none is seen tells little: so it is with tasks that come one by one.
    private static bool WasFed(TroupeSnapshot before, TroupeSnapshot now, TimeSpan over)
    {
        var came = now.Accepted - before.Accepted;
        return came >= FewTasks && came >= FewTasksASecond * over.TotalSeconds;
    }

    private static long EndedIn(TroupeSnapshot snapshot) => snapshot.Succeeded + snapshot.Faulted + snapshot.Canceled;

    /// <summary>What there is to see at one moment, beside the counts.</summary>
    private sealed class Moment(Troupe<TIn, TOut> troupe, TroupeSnapshot now)
    {
        // The waiting room is looked through only if somebody waits.
        public int WaitingForInput { get; } = now.Waiting == 0 ? 0 : Math.Min(now.Waiting, troupe.Core.WaitingRoom.Count());

        public int AskedToStop { get; } = Array.FindAll(troupe._loops.Loops, static loop => loop.IsAskedToStop).Length;

        public IMapGauge[] Maps { get; } = [.. troupe.Maps];

        public int EmptyPlaces { get; } = troupe._loops.EmptyPlaces;

        /// <summary>Tasks that wait for nothing but the end of a pause before they are run again.</summary>
        public int Pausing { get; } = now.Waiting == 0 ? 0 : Math.Min(now.Waiting, troupe.Core.Retries.Count);

        // The counts are of different moments.
        public int Ready => Math.Max(0, now.Waiting - WaitingForInput - Pausing);

        /// <summary>Why the troupe is broken, down or degraded; null if it is none of these, or if nobody knows.</summary>
        public Exception? FailedBy => troupe.Core.TerminalFailure is { IsCancellation: false } fault
            ? fault.Exception
            : troupe._loops.LastStartFailure?.InnerException;

        /// <param name="abandonedBefore">How many workers had been abandoned by then is old news.</param>
        /// <param name="wasFed">Whether tasks came in numbers of late.</param>
        public TroupeCondition Condition(int abandonedBefore, bool wasFed)
        {
            if (troupe.Core.TerminalFailure is { } failure)
                return failure.IsCancellation ? TroupeCondition.Stopped : TroupeCondition.Broken;
            if (troupe._loops.Gone.IsCompleted) return TroupeCondition.Stopped;
            if (troupe._loops.IsDown) return TroupeCondition.Down;
            var hasHung = now.Workers.Any(static worker => worker.State == WorkerState.Hung);
            if (AskedToStop > 0 || hasHung) return TroupeCondition.Hung;
            // What hangs is news to whoever paused the troupe: it does not end. A worker that is missing, or not made yet, is missed by nobody
            // before the troupe is resumed, and is tried again meanwhile: the text tells of it. The pause ends only if somebody ends it.
            if (troupe.Core.IsPaused) return TroupeCondition.Paused;
            if (now.Abandoned > abandonedBefore) return TroupeCondition.Hung;
            if (EmptyPlaces > 0) return TroupeCondition.Degraded;

            // A worker that is not made because nothing is to do is as good as an idle one. If tasks wait, it is about to be made.
            var hasIdle = now.Workers.Count == 0 ? Ready == 0 : now.Workers.Any(static worker => worker.State == WorkerState.Idle);
            var hasStarting = now.Workers.Count == 0 || now.Workers.Any(static worker => worker.State == WorkerState.Starting);
            if (!hasIdle && now.Running == 0 && hasStarting) return TroupeCondition.Starting;
            // A worker between two tasks is not idle: if tasks wait, it is about to take one.
            // No more than the Capacity wait to be taken: the others are held back with their submitters.
            var hasAllWorkers = now.Workers.Count > 0 && now.Workers.Count >= troupe._loops.Most;
            if (hasAllWorkers && (Ready >= now.Workers.Count || (Ready > 0 && now.Waiting >= now.Capacity)))
                return TroupeCondition.Saturated;
            if (!hasIdle || Ready > 0) return TroupeCondition.Busy;
            if (Array.Exists(Maps, static map => map.WaitsFor == MapWait.Consumer)) return TroupeCondition.HeldByConsumer;
            if (Array.Exists(Maps, static map => map.WaitsFor == MapWait.Task && !map.HasRoom)) return TroupeCondition.HeldByWindow;
            if (WaitingForInput > 0) return TroupeCondition.WaitingForInput;
            return Maps.Length > 0 || now.Running > 0 || wasFed ? TroupeCondition.Starved : TroupeCondition.Idle;
        }
    }
}
