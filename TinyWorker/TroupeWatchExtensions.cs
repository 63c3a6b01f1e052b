using TinyWorker.Tasks;

namespace TinyWorker;

/// <summary>How to watch a troupe.</summary>
public static class TroupeWatchExtensions
{
    /// <summary>
    /// Begins to watch a troupe: from now on it keeps the times of every 64th task that is submitted, the last faults and the names of
    /// its input troupes, until the watch is disposed. A troupe may be watched by several at a time; each reads everything.
    /// </summary>
    /// <remarks>
    /// Thread-safe. A watch does not keep the troupe alive. Of a troupe that is not a <see cref="TinyTroupe{TIn, TOut}"/>, but made of
    /// others or by your own code, it sees nothing: watch the troupes that it is made of.
    /// </remarks>
    /// <param name="troupe">The troupe; it may have ended.</param>
    /// <returns>The watch, to be read now and then, and disposed.</returns>
    /// <exception cref="ArgumentNullException">The troupe is null.</exception>
    public static TroupeWatch Watch(this ITroupe troupe)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        var watch = new TroupeWatch((troupe as IWatchable)?.Watched);
        GC.KeepAlive(troupe);
        return watch;
    }
}
