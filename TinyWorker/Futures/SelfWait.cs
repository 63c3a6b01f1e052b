using TinyWorker.Backends;

namespace TinyWorker.Futures;

/// <summary>
/// A worker that waits for work of its own troupe, which could starve the troupe for ever: it is told at once, whether the work is the
/// future's own or that of an input of its input.
/// </summary>
internal static class SelfWait
{
    public static bool IsThreatenedBy(IWatchable future) => InsideWorker.Troupe is { } troupe && IsBehind(future, troupe);

    /// <summary>Whether the future is unfinished and ends only after a task of that troupe has.</summary>
    public static bool IsBehind(IWatchable future, ITroupeCore troupe)
    {
        for (IWatchable? next = future; next is { IsCompleted: false }; next = next.Input)
            if (next.Needs(troupe)) return true;
        return false;
    }

    public static InvalidOperationException Refusal() => new(
        $"A worker of '{InsideWorker.Troupe?.Name}' waited for an unfinished future of the same troupe, or for one behind it, which could starve " +
        "the troupe for ever. Submit without waiting and return the future's work, or give that work a troupe of its own.");
}
