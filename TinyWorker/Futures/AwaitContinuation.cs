using TinyWorker.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>
/// What follows an <c>await</c>: goes on in the context that was current there (a synchronization context, else a task scheduler
/// that is not the default one, else the shared pool), as for a task, but never on the thread that completed the future.
/// </summary>
internal sealed class AwaitContinuation : IContinuation, IThreadPoolWorkItem
{
    private readonly Action _action;
    private readonly ExecutionContext? _executionContext;
    private readonly object? _target;   // SynchronizationContext, TaskScheduler, or null for the pool

    private AwaitContinuation(Action action, ExecutionContext? executionContext, object? target)
    {
        _action = action;
        _executionContext = executionContext;
        _target = target;
    }

    public bool IsAbandoned => false;

    public static AwaitContinuation Capture(Action action, ExecutionContext? executionContext, bool continueOnCapturedContext)
    {
        object? target = null;
        if (continueOnCapturedContext)
        {
            if (SynchronizationContext.Current is { } context && context.GetType() != typeof(SynchronizationContext)) target = context;
            else if (TaskScheduler.Current != TaskScheduler.Default) target = TaskScheduler.Current;
        }

        return new AwaitContinuation(action, executionContext, target);
    }

    public void OnSourceCompleted()
    {
        if (_target is null || !TryGoThere(_target)) Schedule.Queue(this, preferLocal: false);
    }

    // A context or a scheduler that takes nothing more (its loop has ended) must neither lose the awaiter nor harm the completer.
    private bool TryGoThere(object target)
    {
        try
        {
            if (target is SynchronizationContext context) context.Post(static state => ((AwaitContinuation)state!).Execute(), this);
            else _ = Task.Factory.StartNew(Execute, CancellationToken.None, TaskCreationOptions.DenyChildAttach, (TaskScheduler)target);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Execute()
    {
        if (_executionContext is null) _action();
        else ExecutionContext.Run(_executionContext, static state => ((Action)state!)(), _action);
    }
}
