using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// Whose worker's code is running. It flows with the execution context, so that it holds behind an await, and in what the code starts
/// and may wait for, too. Code that a worker starts and leaves running for itself should be started with
/// <see cref="ExecutionContext.SuppressFlow"/>.
/// </summary>
internal static class InsideWorker
{
    private static readonly AsyncLocal<ITroupeCore?> Current = new();

    public static void Enter(ITroupeCore troupe) => Current.Value = troupe;

    /// <summary>For the rest of this execution context's run.</summary>
    public static void Leave()
    {
        if (Current.Value is not null) Current.Value = null;
    }

    public static ITroupeCore? Troupe => Current.Value;
}
