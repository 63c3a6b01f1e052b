using System.Threading.Channels;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>Several futures in the order in which they end. An enumeration that is left early leaves nothing behind on the
/// others.</summary>
internal sealed class CompletionOrder<T>(TinyFuture<T>[] sources) : IAsyncEnumerable<TinyFuture<T>>
{
    public async IAsyncEnumerator<TinyFuture<T>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var ended = Channel.CreateUnbounded<TinyFuture<T>?>(new UnboundedChannelOptions { SingleReader = true });
        var subscriptions = Array.ConvertAll(sources, source => new Subscription(source, ended.Writer));
        // No token goes to the channel (dotnet/runtime#132094): a cancelled enumeration completes it instead.
        using var registration = cancellationToken.UnsafeRegister(
            static state => ((ChannelWriter<TinyFuture<T>?>)state!).TryComplete(), ended.Writer);
        List<TinyFuture<T>> guards = [];
        try
        {
            if (WorkerScope.Troupe is not null) Guard(guards, ended.Writer);
            foreach (var subscription in subscriptions) subscription.Source.AddContinuation(subscription);
            for (var left = sources.Length; left > 0; left--)
            {
                cancellationToken.ThrowIfCancellationRequested();
                TinyFuture<T>? next;
                while (!ended.Reader.TryRead(out next) || next is null)
                {
                    if (WouldStarve(sources.Length - left)) throw SelfWait.Refusal();
                    await ended.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                }

                yield return next;
            }
        }
        finally
        {
            foreach (var subscription in subscriptions)
            {
                subscription.Abandon();
                subscription.Source.ForgetContinuation(subscription);
            }

            foreach (var guard in guards) guard.Cancel();
        }
    }

    // Whether a wait starves may be known only later, when a step has returned what one of the futures waits for: then the reader asks
    // again.
    private void Guard(List<TinyFuture<T>> guards, ChannelWriter<TinyFuture<T>?> ended)
    {
        foreach (var source in sources)
        {
            var guard = source.ForWaiting(looks: false);
            if (guard == source) continue;
            guards.Add(guard);
            guard.AddContinuation(new WakeUp(ended));
        }
    }

    // To wait for the next future starves only if every future that has not ended would, and none has ended that was not yielded yet.
    private bool WouldStarve(int yielded)
    {
        if (WorkerScope.Troupe is null) return false;
        foreach (var source in sources)
        {
            if (source.IsCompleted) yielded--;
            else if (!source.WouldStarve) return false;
        }

        return yielded == 0;
    }

    private sealed class WakeUp(ChannelWriter<TinyFuture<T>?> ended) : IContinuation
    {
        public bool IsAbandoned => false;

        public bool OnSourceCompleted()
        {
            ended.TryWrite(null);
            return true;
        }
    }

    private sealed class Subscription(TinyFuture<T> source, ChannelWriter<TinyFuture<T>?> ended) : IContinuation
    {
        private bool _abandoned;   // set once, when the enumeration ends

        public TinyFuture<T> Source => source;

        public bool IsAbandoned => Volatile.Read(ref _abandoned);

        public void Abandon() => Volatile.Write(ref _abandoned, true);

        // The channel takes a lock of its own first. Who gets the future may look at it, or not.
        public bool OnSourceCompleted()
        {
            Uninterrupted.Run(static own => own.Write(), this);
            return false;
        }

        private bool Write() => ended.TryWrite(source);
    }
}
