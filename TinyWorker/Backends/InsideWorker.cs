using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// Whose worker's code is running: its construction, its tasks, or its disposal. It flows with the execution context, so that it holds
/// behind an await, and in what the code starts and may wait for, too. When that stage of the worker is over, it holds no longer: a loop that
/// was started with the worker is outside once the worker is made, one that a task has left running once the worker is gone.
/// </summary>
/// <remarks>A stage for each task would be exact, and would cost each task an execution context of its own.</remarks>
internal sealed class InsideWorker
{
    private static readonly AsyncLocal<InsideWorker?> Current = new();

    private ITroupeCore? _troupe;   // null once the stage is over

    private InsideWorker(ITroupeCore troupe) => _troupe = troupe;

    public static ITroupeCore? Troupe => Current.Value is { } stage ? Volatile.Read(ref stage._troupe) : null;

    /// <summary>For the rest of this execution context's run, until <see cref="End"/>.</summary>
    public static InsideWorker Enter(ITroupeCore troupe)
    {
        var stage = new InsideWorker(troupe);
        Current.Value = stage;
        return stage;
    }

    /// <summary>For the rest of this execution context's run: whatever flowed here, this holds no worker.</summary>
    public static void Leave()
    {
        if (Current.Value is not null) Current.Value = null;
    }

    public void End() => Volatile.Write(ref _troupe, null);
}
