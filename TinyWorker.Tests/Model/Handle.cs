using TinyWorker.Futures;

namespace TinyWorker.Tests.Model;

/// <summary>A future of the real troupe, which may not be there yet.</summary>
internal abstract class Handle
{
    public abstract Phase Phase { get; }

    /// <summary>How many of the callbacks were called, and how many of the tasks have ended.</summary>
    public abstract int Calls { get; }

    public abstract Failure? Failure { get; }

    public abstract bool Cancel();

    public abstract void AddCallback();

    public static Phase Of(TinyFutureStatus status) => Phase.Pending + (int)status;
}
