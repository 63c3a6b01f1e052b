using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// What happens while no worker lives, because none can be made.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    private Outage? _outage;     // guarded by _lock: set while no worker lives

    /// <summary>Whether no worker lives, for longer than tasks are to wait.</summary>
    public bool IsDown
    {
        get
        {
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                return _outage is { Failure: not null };
            }
        }
    }

    /// <summary>How many places have no worker because it could not be made, and is to be tried again.</summary>
    public int EmptyPlaces => Loops.Count(static loop => loop.StartFailure is not null);

    /// <summary>Why a place is empty; null if none is.</summary>
    public WorkerStartException? LastStartFailure =>
        Loops.Select(static loop => loop.StartFailure).FirstOrDefault(static failure => failure is not null);

    /// <summary>The loop has failed to make a worker, and tries again: perhaps no worker lives.</summary>
    public void NoticeFailure(WorkerLoop<TIn, TOut> loop)
    {
        Outage? begun;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _awaited.Remove(loop);
            Publish_NeedsLock();
            begun = BeginOutageIfNoneLives_NeedsLock();
        }

        begun?.Start(_core.Settings.StartPatience);
        NoticeNeedAfterChange();
    }

    // Not while every place is only being filled again, however long that takes: nothing has failed then. And not while all have left
    // because they had nothing to do.
    private Outage? BeginOutageIfNoneLives_NeedsLock()
    {
        if (_living.Count > 0 || _startsLeft > 0 || _isEnding || _outage is not null) return null;
        return HasFailures_NeedsLock ? _outage = new Outage(this) : null;
    }

    private bool HasFailures_NeedsLock => _present.Any(static loop => loop.StartFailure is not null);

    /// <summary>A worker lives, or no place is tried any more, because none is needed.</summary>
    /// <returns>What is to be handed to <see cref="NoteOutageEnded"/>, outside the lock.</returns>
    private Outage? EndOutage_NeedsLock()
    {
        var ended = _outage;
        _outage = null;
        if (ended is { Failure: { } failure }) _core.EndOutage(failure);
        return ended;
    }

    private void NoteOutageEnded(Outage? ended)
    {
        ended?.Dispose();
        if (ended is { Failure: not null }) Log.TroupeUp(Logger, Name);
    }

    private void OnPatienceOver(Outage outage)
    {
        var last = LastStartFailure;
        var failure = Failure.Fault(WorkerStartException.OfTroupe(
            Name, last?.Worker ?? new WorkerInfo(Name, 0, Most, 0), _core.Settings.StartPatience, last));
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_outage != outage || _isEnding) return;
            outage.Failure = failure;
            _core.BeginOutage(failure);
        }

        Log.TroupeDown(Logger, Name, _core.Settings.StartPatience);
        _core.EndQueued(failure);
    }

    /// <summary>No worker lives. The troupe is down once <see cref="Failure"/> is set.</summary>
    private sealed class Outage(WorkerLoops<TIn, TOut> owner) : IDisposable
    {
        private ITimer? _timer;
        private bool _isOver;

        /// <summary>Guarded by the lock of the owner.</summary>
        public Failure? Failure { get; set; }

        /// <summary>To be called outside the lock: the clock is the user's, and may call at once.</summary>
        public void Start(TimeSpan patience)
        {
            if (patience == Timeout.InfiniteTimeSpan) return;
            var timer = Timers.Create(owner.TimeProvider, static state => ((Outage)state!).End(), this);
            Volatile.Write(ref _timer, timer);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _isOver)) timer.Dispose();
            else timer.Change(patience, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            Volatile.Write(ref _isOver, true);
            Interlocked.MemoryBarrier();
            Volatile.Read(ref _timer)?.Dispose();
        }

        private void End() => owner.OnPatienceOver(this);
    }
}
