namespace TinyWorker.Futures;

/// <summary>Ends when each of several futures has; cancelled before, it leaves no trace on them.</summary>
internal sealed class AllFuture<TAll> : PromiseFuture<TAll>, IContinuation, IGathering
{
    private Gathered? _gathered;   // dropped when it has ended: its own result is all that it keeps alive
    private int _outstanding;

    public AllFuture(IWatchable[] sources, Func<TAll> results, Func<Failure?> firstFailure)
    {
        _gathered = new Gathered(sources, results, firstFailure);
        _outstanding = sources.Length + 1;   // one for Watch, so that it cannot end before all are watched
    }

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    // Waiting for all of them is waiting for each of them. When it has ended it waits for nobody but itself.
    IWatchable[] IGathering.Sources => Volatile.Read(ref _gathered)?.Sources ?? [this];

    bool IGathering.EndsWithTheFirst => false;

    public AllFuture<TAll> Watch()
    {
        foreach (var source in _gathered!.Sources) source.AddContinuation(this);
        OnSourceCompleted();
        return this;
    }

    public void OnSourceCompleted()
    {
        if (Interlocked.Decrement(ref _outstanding) > 0) return;
        if (Volatile.Read(ref _gathered) is not { } gathered) return;   // cancelled before
        if (gathered.FirstFailure() is { } failure) TrySetFailure(failure);
        else TrySetResult(gathered.Results());
        Volatile.Write(ref _gathered, null);
    }

    private protected override bool CancelCore()
    {
        var gathered = Volatile.Read(ref _gathered);
        if (!base.CancelCore()) return false;
        Volatile.Write(ref _gathered, null);
        foreach (var source in gathered!.Sources) source.ForgetContinuation(this);
        return true;
    }

    private sealed record Gathered(IWatchable[] Sources, Func<TAll> Results, Func<Failure?> FirstFailure);
}
