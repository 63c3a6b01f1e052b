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
        switch (_target)
        {
            case SynchronizationContext context:
                try
                {
                    context.Post(static state => ((AwaitContinuation)state!).Execute(), this);
                }
                catch (Exception)
                {
                    // A context that takes no more posts (its loop has ended) must neither lose the awaiter nor harm the completer.
                    goto default;
                }

                break;
            case TaskScheduler scheduler:
                _ = Task.Factory.StartNew(Execute, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler);
                break;
            default:
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                break;
        }
    }

    public void Execute()
    {
        if (_executionContext is null) _action();
        else ExecutionContext.Run(_executionContext, static state => ((Action)state!)(), _action);
    }
}
