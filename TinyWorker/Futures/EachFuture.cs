using System.Threading.Channels;
using TinyWorker.Backends;

namespace TinyWorker.Futures;

/// <summary>Several futures in the order in which they end; an enumeration broken off leaves no trace on the rest.</summary>
internal sealed class EachFuture<T>(TinyFuture<T>[] sources) : IAsyncEnumerable<TinyFuture<T>>
{
    public async IAsyncEnumerator<TinyFuture<T>> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var ended = Channel.CreateUnbounded<TinyFuture<T>>(new UnboundedChannelOptions { SingleReader = true });
        var watches = Array.ConvertAll(sources, source => new Watch(source, ended.Writer));
        // No token goes to the channel (dotnet/runtime#132094): a cancelled enumeration completes it instead.
        using var registration = cancellationToken.UnsafeRegister(static state => ((ChannelWriter<TinyFuture<T>>)state!).TryComplete(), ended.Writer);
        try
        {
            foreach (var watch in watches) watch.Source.AddContinuation(watch);
            for (var left = sources.Length; left > 0; left--)
            {
                cancellationToken.ThrowIfCancellationRequested();
                TinyFuture<T>? next;
                while (!ended.Reader.TryRead(out next))
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
            foreach (var watch in watches)
            {
                watch.Abandon();
                watch.Source.ForgetContinuation(watch);
            }
        }
    }

    // Waiting for the next of them starves only if every one that has not ended would, and if none has ended that is yet to be told of.
    private bool WouldStarve(int yielded)
    {
        if (InsideWorker.Troupe is null) return false;
        foreach (var source in sources)
        {
            if (source.IsCompleted) yielded--;
            else if (!source.WouldStarve) return false;
        }

        return yielded == 0;
    }

    private sealed class Watch(TinyFuture<T> source, ChannelWriter<TinyFuture<T>> ended) : IContinuation
    {
        private bool _abandoned;   // set once, when the enumeration ends

        public TinyFuture<T> Source => source;

        public bool IsAbandoned => Volatile.Read(ref _abandoned);

        public void Abandon() => Volatile.Write(ref _abandoned, true);

        public void OnSourceCompleted() => ended.TryWrite(source);
    }
}
