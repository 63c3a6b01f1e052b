using System.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>A task that ends as a future does.</summary>
internal sealed class TaskBridge<T>(TinyFuture<T> future)
    : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), IContinuation
{
    public bool IsAbandoned => false;

    public void OnSourceCompleted()
    {
        switch (future.FailureOrNull)
        {
            case null:
                TrySetResult(future.Value);
                break;
            case { IsCancellation: true, Exception: OperationCanceledException { CancellationToken.CanBeCanceled: true } e }:
                TrySetCanceled(e.CancellationToken);
                break;
            case { IsCancellation: true }:
                TrySetCanceled();
                break;
            case { } failure:
                TrySetException(WithItsOwnTrace(failure));
                break;
        }
    }

    // The task captures the exception with the stack trace that it carries at this moment, which is that of its last throw, somewhere.
    // Throwing it once more from the one capture puts the original trace back, so that no trace grows from task to task.
    private static Exception WithItsOwnTrace(Failure failure)
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
