using System.Runtime.CompilerServices;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The code after an <c>await</c>. As after an await of a task, it runs in the context that was current at the await: a synchronization
/// context, else a task scheduler that is not the default one, else the shared pool. It never runs on the thread that completed the future.
/// </summary>
internal sealed class AwaitContinuation : IContinuation, IThreadPoolWorkItem
{
    private Action? _action;            // taken by whoever runs it
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

    /// <summary>
    /// Whether the code that awaits may keep its thread for a moment, to look out for the end. To suspend it and to go on on the pool takes
    /// some microseconds, more than a trivial task. Not in a context: its thread may have others to serve, and a loop of awaits that never
    /// suspends would keep it from them. Nor while the pool has work that waits for a thread, for the same reason.
    /// </summary>
    public static bool MayLookOut =>
        SynchronizationContext.Current is null && TaskScheduler.Current == TaskScheduler.Default && Schedule.IsPoolIdle;

    public bool OnSourceCompleted()
    {
        if (_target is null) Schedule.Queue(this, preferLocal: false);
        else if (_target is SerialContext ofTheLibrary) PostTo(ofTheLibrary);
        else Completions.PostLast(this);   // what a context of the user's does in its Post is the user's code
        return true;
    }

    /// <summary>
    /// Posts the code to its context or scheduler. If that takes nothing more, because its loop has ended, the code runs on the pool: it
    /// must not be lost, and the thread that completes the future must not see the exception. It runs once, even if a post that has run it
    /// throws afterwards.
    /// </summary>
    public void Post()
    {
        if (!TryPostTo(_target!)) Schedule.Queue(this, preferLocal: false);
    }

    private void PostTo(SynchronizationContext context) => context.Post(static state => ((AwaitContinuation)state!).Execute(), this);

    private bool TryPostTo(object target)
    {
        try
        {
            if (target is SynchronizationContext context) PostTo(context);
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
        if (TakeAction() is not { } action) return;
        if (_executionContext is null) action();
        else ExecutionContext.Run(_executionContext, static state => ((Action)state!)(), action);
    }

    private Action? TakeAction()
    {
        if (_target is not null) return Interlocked.Exchange(ref _action, null);
        return _action;   // only the pool runs it, and once
    }
}

/// <summary>Awaits the end of a future, however it ends, on the shared pool. Never throws. Counts as a look at its fault.</summary>
internal readonly struct FutureEnd<T>(TinyFuture<T> future) : ICriticalNotifyCompletion
{
    public bool IsCompleted => future.IsCompleted;

    public FutureEnd<T> GetAwaiter() => this;

    public void GetResult() => _ = future.FailureOrNull;

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);   // the interface has it; the compiler calls the other

    public void UnsafeOnCompleted(Action continuation) =>
        future.AddContinuation(AwaitContinuation.Capture(continuation, executionContext: null, continueOnCapturedContext: false));
}
