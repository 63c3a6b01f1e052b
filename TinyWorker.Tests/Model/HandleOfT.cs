using TinyWorker.Futures;

namespace TinyWorker.Tests.Model;

/// <inheritdoc cref="Handle"/>
/// <param name="submission">What brings the future.</param>
internal class Handle<T>(Task<TinyFuture<T>> submission) : Handle
{
    private readonly List<Task<T>> _tasks = [];
    private int _calls;

    public Handle(TinyFuture<T> future)
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
