using System.Threading.Tasks.Sources;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Queueing;

/// <summary>The ticket of an asynchronous submitter: the one object behind what <c>SubmitAsync</c> returns.</summary>
internal sealed class AwaitedTicket<TIn, TOut>(TinyTroupe<TIn, TOut> troupe, WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    : AdmissionTicket(troupe.Gate, item), IValueTaskSource<TinyFuture<TOut>>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<TinyFuture<TOut>> _core;
    private End _end;

    public ValueTask<TinyFuture<TOut>> QueueAsync()
    {
        Queue(cancellationToken);
        return new ValueTask<TinyFuture<TOut>>(this, _core.Version);
    }

    public TinyFuture<TOut> GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    // The submitter never goes on where a worker leaves the gate, but on the pool; and in its common queue, where others come first:
    // whoever is back at once finds one place, takes it, queues again, and pays for a ticket each time.
    protected override void OnEnded(End end)
    {
        if (end == End.Entered) item.CancelOn(cancellationToken);
        _end = end;
        Schedule.Queue(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        switch (_end)
        {
            case End.Entered:
                _core.SetResult(item);
                break;
            case End.Refused:
                _core.SetException(troupe.Stopped());
                break;
            default:
                _core.SetException(new OperationCanceledException(cancellationToken));
                break;
        }
    }
}
