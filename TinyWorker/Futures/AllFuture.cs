namespace TinyWorker.Futures;

/// <summary>Ends when each of several futures has; cancelled before, it leaves no trace on them.</summary>
internal sealed class AllFuture<TAll> : PromiseFuture<TAll>, IContinuation, IGathering
{
    private readonly IWatchable[] _sources;
    private readonly Func<TAll> _results;
    private readonly Func<Failure?> _firstFailure;
    private int _outstanding;

    public AllFuture(IWatchable[] sources, Func<TAll> results, Func<Failure?> firstFailure)
    {
        _sources = sources;
        _results = results;
        _firstFailure = firstFailure;
        _outstanding = sources.Length + 1;   // one for Watch, so that it cannot end before all are watched
    }

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    // Waiting for all of them is waiting for each of them.
    IWatchable[] IGathering.Sources => _sources;

    bool IGathering.EndsWithTheFirst => false;

    public AllFuture<TAll> Watch()
    {
        foreach (var source in _sources) source.AddContinuation(this);
        OnSourceCompleted();
        return this;
    }

    public void OnSourceCompleted()
    {
        if (Interlocked.Decrement(ref _outstanding) > 0) return;
        if (_firstFailure() is { } failure) TrySetFailure(failure);
        else TrySetResult(_results());
    }

    private protected override bool CancelCore()
    {
        if (!base.CancelCore()) return false;
        foreach (var source in _sources) source.ForgetContinuation(this);
        return true;
    }
}
