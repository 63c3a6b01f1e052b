using System.Runtime.CompilerServices;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The code after an <c>await</c>. As after an await of a task, it runs in the context that was current at the await: a synchronization
/// context, else a task scheduler that is not the default one, else the shared pool. It never runs on the thread that completed the future.
/// </summary>
/// <remarks>This class has the most frequent case, the pool without an execution context, and is as small as can be.</remarks>
internal class AwaitContinuation : IContinuation, IThreadPoolWorkItem
{
    private Action? _action;   // taken by whoever runs it

    protected AwaitContinuation(Action action) => _action = action;

    public bool IsAbandoned => false;

    public static AwaitContinuation Capture(Action action, ExecutionContext? executionContext, bool continueOnCapturedContext)
    {
        object? target = null;
        if (continueOnCapturedContext)
        {
            if (SynchronizationContext.Current is { } context && context.GetType() != typeof(SynchronizationContext)) target = context;
            else if (TaskScheduler.Current != TaskScheduler.Default) target = TaskScheduler.Current;
        }

        if (target is not null) return new PostedContinuation(action, executionContext, target);
        return executionContext is null ? new AwaitContinuation(action) : new FlowingContinuation(action, executionContext);
    }

    /// <summary>
    /// Whether the code that awaits may keep its thread for a moment, to look out for the end. To suspend it and to go on on the pool takes
    /// some microseconds, more than a trivial task. Not in a context: its thread may have others to serve, and a loop of awaits that never
    /// suspends would keep it from them. Nor while the pool has work that waits for a thread, for the same reason.
    /// </summary>
    public static bool MayLookOut =>
        SynchronizationContext.Current is null && TaskScheduler.Current == TaskScheduler.Default && Schedule.IsPoolIdle;

    public virtual bool OnSourceCompleted()
    {
        QueueToPool();
        return true;
    }

    public void Execute()
    {
        if (TakeAction() is { } action) Run(action);
    }

    protected virtual void Run(Action action) => action();

    /// <summary>Null if it was taken before.</summary>
    // Only the pool runs it, and once.
    protected virtual Action? TakeAction() => _action;

    /// <summary>As <see cref="TakeAction"/>, for code that may be run from two places.</summary>
    protected Action? TakeActionOnce() => Interlocked.Exchange(ref _action, null);

    protected void QueueToPool() => Schedule.Queue(this, preferLocal: false);
}

/// <summary>The code after an await that is to run in an execution context.</summary>
internal class FlowingContinuation(Action action, ExecutionContext? executionContext) : AwaitContinuation(action)
{
    protected sealed override void Run(Action action)
    {
        if (executionContext is null) action();
        else ExecutionContext.Run(executionContext, static state => ((Action)state!)(), action);
    }
}

/// <summary>The code after an await that is to run in a synchronization context, or in a task scheduler that is not the default one.</summary>
internal sealed class PostedContinuation(Action action, ExecutionContext? executionContext, object target)
    : FlowingContinuation(action, executionContext)
{
    public override bool OnSourceCompleted()
    {
        if (target is SerialContext ofTheLibrary) PostTo(ofTheLibrary);
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
        if (!TryPost()) QueueToPool();
    }

    protected override Action? TakeAction() => TakeActionOnce();

    private void PostTo(SynchronizationContext context) => context.Post(static state => ((PostedContinuation)state!).Execute(), this);

    private bool TryPost()
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
