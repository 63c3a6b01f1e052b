using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>Ends when every one of several futures has ended. If it is cancelled before, it leaves nothing behind on them.</summary>
/// <remarks>
/// It looks at every fault of its sources. The first failure becomes its own; the other faults go with it, and are told with it if nobody
/// looks at this future.
/// </remarks>
internal sealed class AllFuture<TAll> : PromiseFuture<TAll>, IContinuation, ICombinedFuture
{
    private Parts? _parts;   // null once this future has ended: then it keeps nothing alive but its own result
    private int _outstanding;
    private IFutureOwner? _faultOwner;   // set before this future fails

    public AllFuture(IFutureNode[] sources, Func<TAll> results)
    {
        _parts = new Parts(sources, results);
        _outstanding = sources.Length + 1;   // one for Start, so that this cannot end before it has subscribed to every source
    }

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    private protected override IFutureOwner? FaultOwner => _faultOwner;

    // To wait for all sources is to wait for each. Once this has ended, it waits for nobody but itself.
    IFutureNode[] ICombinedFuture.Sources => Volatile.Read(ref _parts)?.Sources ?? [this];

    bool ICombinedFuture.EndsWithTheFirst => false;

    /// <summary>Subscribes to the sources. To be called once, first.</summary>
    public AllFuture<TAll> Start()
    {
        foreach (var source in _parts!.Sources) source.AddContinuation(this);
        OnSourceCompleted();
        return this;
    }

    public bool OnSourceCompleted()
    {
        var parts = Volatile.Read(ref _parts);
        if (Interlocked.Decrement(ref _outstanding) > 0) return parts is not null;
        if (parts is null) return false;   // cancelled before
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return true;   // cancelled meanwhile: the cancellation finds every fault
        var failures = FailuresOf(parts.Sources);
        if (failures.Length == 0) PublishValue(parts.Results());
        else PublishFailure(failures[0].With(failures.Skip(1).SelectMany(static failure => failure.Faults)));
        Volatile.Write(ref _parts, null);
        return true;
    }

    private protected override bool CancelCore()
    {
        var parts = Volatile.Read(ref _parts);
        if (!TryMove(Pending, Completing)) return false;
        // First: a source that has found the parts had ended by then, and its fault is found here. Any other keeps its fault.
        Volatile.Write(ref _parts, null);
        Interlocked.MemoryBarrier();
        var faults = FailuresOf(parts!.Sources).SelectMany(static failure => failure.Faults);
        PublishFailure(CancelledByCancel().With(faults));
        foreach (var source in parts.Sources) source.ForgetContinuation(this);
        return true;
    }

    private Failure[] FailuresOf(IFutureNode[] sources)
    {
        List<Failure> failures = [];
        foreach (var source in sources)
        {
            if (source.PeekedFailure is not { } failure) continue;
            failures.Add(failure);
            if (failure.IsFault) _faultOwner ??= source.FaultOwner;
        }

        return [.. failures];
    }

    private sealed record Parts(IFutureNode[] Sources, Func<TAll> Results);
}
