namespace TinyWorker.Futures;

/// <summary>Ends when the first of several futures does, and then leaves no trace on the others.</summary>
internal sealed class AnyFuture<T>(TinyFuture<T>[] sources) : PromiseFuture<TinyFuture<T>>, IGathering
{
    private TinyFuture<T>[]? _sources = sources;   // dropped when it has ended: it keeps the winner alive, and no loser

    // Waiting for the first of them starves only if every one of them would. When it has ended it waits for nobody but itself.
    IWatchable[] IGathering.Sources => (IWatchable[]?)Volatile.Read(ref _sources) ?? [this];

    bool IGathering.EndsWithTheFirst => true;

    public AnyFuture<T> Watch()
    {
        var watches = Array.ConvertAll(_sources!, source => new Watch1(this, source));
        foreach (var watch in watches)
        {
            if (IsCompleted) break;
            watch.Source.AddContinuation(watch);
        }

        // Added after the watches: it runs once the winner is known, whoever that is, and takes the losers' watches off.
        AddContinuation(new CleanUp(this, watches));
        return this;
    }

    private sealed class Watch1(AnyFuture<T> owner, TinyFuture<T> source) : IContinuation
    {
        public TinyFuture<T> Source => source;

        public bool IsAbandoned => owner.IsCompleted;

        public void OnSourceCompleted() => owner.TrySetResult(source);
    }

    private sealed class CleanUp(AnyFuture<T> owner, Watch1[] watches) : IContinuation
    {
        public bool IsAbandoned => false;

        public void OnSourceCompleted()
        {
            foreach (var watch in watches) watch.Source.ForgetContinuation(watch);
            Volatile.Write(ref owner._sources, null);
        }
    }
}
