namespace TinyWorker.Futures;

/// <summary>Ends when the first of several futures ends. Then it leaves nothing behind on the others.</summary>
internal sealed class AnyFuture<T>(TinyFuture<T>[] sources) : PromiseFuture<TinyFuture<T>>, ICombinedFuture
{
    private TinyFuture<T>[]? _sources = sources;   // null once this future has ended: then it keeps the winner alive, and no loser

    // To wait for the first source starves only if every source would. Once this has ended, it waits for nobody but itself.
    IFutureNode[] ICombinedFuture.Sources => (IFutureNode[]?)Volatile.Read(ref _sources) ?? [this];

    bool ICombinedFuture.EndsWithTheFirst => true;

    /// <summary>Subscribes to the sources. To be called once, first.</summary>
    public AnyFuture<T> Start()
    {
        var subscriptions = Array.ConvertAll(_sources!, source => new Subscription(this, source));
        foreach (var subscription in subscriptions)
        {
            if (IsCompleted) break;
            subscription.Source.AddContinuation(subscription);
        }

        // Added last: it runs once the winner is known, whichever that is, and removes the subscriptions from the losers.
        AddContinuation(new CleanUp(this, subscriptions));
        return this;
    }

    private sealed class Subscription(AnyFuture<T> owner, TinyFuture<T> source) : IContinuation
    {
        public TinyFuture<T> Source => source;

        public bool IsAbandoned => owner.IsCompleted;

        // Who gets the future may look at it, or not.
        public bool OnSourceCompleted()
        {
            owner.TrySetResult(source);
            return false;
        }
    }

    private sealed class CleanUp(AnyFuture<T> owner, Subscription[] subscriptions) : IContinuation
    {
        public bool IsAbandoned => false;

        public bool OnSourceCompleted()
        {
            foreach (var subscription in subscriptions) subscription.Source.ForgetContinuation(subscription);
            Volatile.Write(ref owner._sources, null);
            return false;
        }
    }
}
