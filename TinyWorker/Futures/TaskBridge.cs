using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>A task that ends as a future does.</summary>
internal class TaskBridge<T>(TinyFuture<T> future)
    : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IContinuation, IThreadPoolWorkItem
{
    public virtual bool IsAbandoned => false;

    protected TinyFuture<T> Future => future;

    // The task takes a fault over: whether anybody looks at the task, the framework knows.
    // A task that ends on a thread of the pool puts its awaiters into the local queue of that thread. They must not wait there for what
    // the thread does next: a worker of a pool troupe runs its next task. Elsewhere the task ends at once: whoever blocks on it needs no
    // thread of the pool.
    public virtual bool OnSourceCompleted()
    {
        if (!Thread.CurrentThread.IsThreadPoolThread) return TryEnd();
        Schedule.Queue(this, preferLocal: false);
        return true;
    }

    public void Execute() => TryEnd();

    protected bool TryEnd() => future.PeekedFailure switch
    {
        null => TrySetResult(future.Value),
        { IsCancellation: true, Exception: OperationCanceledException { CancellationToken.CanBeCanceled: true } e } =>
            TrySetCanceled(e.CancellationToken),
        { IsCancellation: true } => TrySetCanceled(),
        { } failure => TrySetException(WithOriginalTrace(failure)),
    };

    // The task captures the exception with the stack trace that the exception carries at this moment: that of its last throw, wherever it
    // was.
    // To throw it again from the one capture restores the original trace. So no trace grows from task to task.
    private static Exception WithOriginalTrace(Failure failure)
    {
        try
        {
            failure.Throw();
        }
        catch (Exception e)
        {
            return e;
        }

        throw new UnreachableException();
    }
}
