namespace TinyWorker.Futures;

/// <summary>
/// Tells that the code that runs now is a worker's: its construction, its tasks, or its disposal. A scope is for one of these stages. It
/// flows with the execution context: so it holds after an await, and in what the code starts and may wait for. When the stage is over,
/// the scope ends, also for code that still runs in it: a loop that the construction left running is outside once the worker is made, and
/// a loop that a task left running is outside once the worker is gone.
/// </summary>
/// <remarks>A scope for each task would be exact, but would cost an execution context for each task.</remarks>
internal sealed class WorkerScope
{
    private static readonly AsyncLocal<WorkerScope?> Current = new();

    private IFutureOwner? _troupe;   // null once the scope has ended

    private WorkerScope(IFutureOwner troupe) => _troupe = troupe;

    /// <summary>The troupe whose worker's code runs now; null outside.</summary>
    public static IFutureOwner? Troupe => Current.Value is { } scope ? Volatile.Read(ref scope._troupe) : null;

    /// <summary>Enters a scope, for the rest of this execution context's run, until <see cref="End"/>.</summary>
    public static WorkerScope Enter(IFutureOwner troupe)
    {
        var scope = new WorkerScope(troupe);
        Current.Value = scope;
        return scope;
    }

    /// <summary>Leaves whatever scope has flowed here, for the rest of this execution context's run.</summary>
    public static void Leave()
    {
        if (Current.Value is not null) Current.Value = null;
    }

    /// <summary>Goes on in another execution context, for the rest of this one's run, and stays in the scope.</summary>
    public static void GoOnIn(ExecutionContext context)
    {
        var scope = Current.Value;
        ExecutionContext.Restore(context);
        Current.Value = scope;
    }

    public void End() => Volatile.Write(ref _troupe, null);
}
