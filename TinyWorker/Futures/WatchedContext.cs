using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>
/// What an item carries if somebody listened to the library's meter or activity source when it was submitted: its span, and the times. Of what
/// was submitted while nobody listened nobody hears. Guarded by the lock on itself.
/// </summary>
/// <remarks>
/// Accept and End come once for each accepted item, one before it can be taken and one before its end is published, whoever ends it: so nothing
/// is counted twice or lost. Start may come late, behind the End by who gave up its worker; then it counts for nothing.
/// Listeners are user code: they are called outside the lock, and what they throw is logged.
/// </remarks>
internal sealed class WatchedContext(ITroupeCore troupe, Activity? activity) : ItemContext(activity)
{
    private Activity? _span;     // set by Accept; null where nobody wants it
    private long _since;         // when it was accepted, got its input, or started: the last of these
    private bool _hasStarted;
    private bool _hasEnded;

    public void Accept()
    {
        _since = troupe.TimeProvider.GetTimestamp();
        Guarded(() =>
        {
            _span = TinyWorkerActivity.StartTask(troupe.Name, Activity);
            if (_span is not null) Activity = _span;
        });
        Guarded(() => TinyWorkerMeter.Accepted(troupe.Name));
    }

    /// <summary>Its input is there: from now on it waits for a worker.</summary>
    public void GetInput() => _since = troupe.TimeProvider.GetTimestamp();

    public void Start(int worker)
    {
        TimeSpan waited;
        lock (this)
        {
            if (_hasEnded) return;   // by who gave up its worker
            _hasStarted = true;
            waited = Lap_NeedsLock();
        }

        if (_span is not null) Guarded(() => TinyWorkerActivity.BeginTask(_span, worker));
        Guarded(() => TinyWorkerMeter.Started(troupe.Name, waited));
    }

    public void End(Failure? failure)
    {
        TimeSpan? ran;
        lock (this)
        {
            _hasEnded = true;
            ran = _hasStarted ? Lap_NeedsLock() : null;
        }

        Guarded(() => TinyWorkerMeter.Ended(troupe.Name, failure, ran));
        if (_span is not null) Guarded(() => TinyWorkerActivity.EndTask(_span, failure));
    }

    private TimeSpan Lap_NeedsLock()
    {
        var before = _since;
        _since = troupe.TimeProvider.GetTimestamp();
        return troupe.TimeProvider.GetElapsedTime(before, _since);
    }

    private void Guarded(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Log.ListenerFaulted(troupe.Logger, troupe.Name, e);
        }
    }
}
