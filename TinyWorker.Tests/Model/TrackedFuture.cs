using TinyWorker.Futures;

namespace TinyWorker.Tests.Model;

/// <summary>A future of the real troupe. While its submission still waits, there is no future yet.</summary>
internal abstract class TrackedFuture
{
    public abstract Phase Phase { get; }

    /// <summary>The number of callbacks that were called, plus the number of tasks from AsTask that have ended.</summary>
    public abstract int Calls { get; }

    public abstract Failure? Failure { get; }

    public abstract bool Cancel();

    public abstract void AddCallback();

    public static Phase Of(TinyFutureStatus status) => Phase.Pending + (int)status;
}

/// <inheritdoc cref="TrackedFuture"/>
/// <param name="submission">Brings the future when it ends.</param>
internal class TrackedFuture<T>(Task<TinyFuture<T>> submission) : TrackedFuture
{
    private readonly List<Task<T>> _tasks = [];
    private int _calls;

    public TrackedFuture(TinyFuture<T> future)
        : this(Task.FromResult(future))
    {
    }

    public override Phase Phase => submission.Status switch
    {
        TaskStatus.RanToCompletion => Of(Future.Status),
        TaskStatus.Canceled => Phase.Withdrawn,
        TaskStatus.Faulted when submission.Exception!.InnerException is ObjectDisposedException => Phase.Refused,
        TaskStatus.Faulted => throw submission.Exception!.InnerException!,
        _ => Phase.Queued,
    };

    public TinyFuture<T> Future => submission.Result;

    public override int Calls => Volatile.Read(ref _calls) + _tasks.Count(task => task.IsCompleted);

    public override Failure? Failure => Future.FailureOrNull;

    public override bool Cancel() => Future.Cancel();

    public override void AddCallback()
    {
        Future.OnCompleted(future => Interlocked.Add(ref _calls, future == Future && future.IsCompleted ? 1 : 1000));
        _tasks.Add(Future.AsTask());
    }
}
