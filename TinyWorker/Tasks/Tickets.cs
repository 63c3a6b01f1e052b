using System.Diagnostics;
using System.Threading.Tasks.Sources;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>The ticket of a submitter whose thread sleeps until the ticket has ended.</summary>
internal sealed class BlockingTicket(AdmissionGate gate, IAdmissible item, TaskDeadline? deadline = null)
    : AdmissionTicket(gate, item, deadline)
{
    private readonly object _monitor = new();
    private End? _end;   // guarded by _monitor; set once

    /// <summary>
    /// Sleeps without spinning. A submitter that spins is back for the next place after one task, queues again, and pays for a ticket each
    /// time. One that sleeps finds as many places as the workers have emptied meanwhile.
    /// </summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted: the ticket is withdrawn, and its item never enters.
    /// </exception>
    public End Sleep()
    {
        Completions.RunBeforeBlocking();
        Schedule.Point();
        try
        {
            using (Uninterrupted.Enter(_monitor))
            {
                while (_end is null) Schedule.Wait(_monitor);
                return _end.Value;
            }
        }
        catch (ThreadInterruptedException)
        {
            Cancel();
            // If the ticket had left the queue before, another thread is about to end it.
            var end = SleepToTheEnd();
            if (end == End.Cancelled) throw;
            Interruption.PutBack();   // the item was accepted, or refused: that counts, and the next wait of the thread throws
            return end;
        }
    }

    private End SleepToTheEnd()
    {
        using (Uninterrupted.Enter(_monitor))
        {
            var wasInterrupted = false;
            while (_end is null) wasInterrupted |= Uninterrupted.Wait(_monitor);
            if (wasInterrupted) Interruption.PutBack();
            return _end.Value;
        }
    }

    protected override void OnEnded(End end)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_monitor))
        {
            Debug.Assert(_end is null, "a ticket ends once");
            _end = end;
            Schedule.Pulse(_monitor);
        }
    }
}

/// <summary>The ticket of an asynchronous submitter: the one object behind the task that <c>SubmitAsync</c> returns.</summary>
internal sealed class AwaitedTicket<TIn, TOut>(TroupeCore<TIn, TOut> core, WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    : AdmissionTicket(core.Gate, item, item.Deadline), IValueTaskSource<TinyFuture<TOut>>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<TinyFuture<TOut>> _source;
    private End _end;   // set once

    public ValueTask<TinyFuture<TOut>> QueueAsync()
    {
        Queue(cancellationToken);
        return new ValueTask<TinyFuture<TOut>>(this, _source.Version);
    }

    public TinyFuture<TOut> GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    // The submitter does not go on on the thread that left the gate (a worker's), but on the pool. It goes to the common queue of the
    // pool, behind others: a submitter that is back at once finds one place, takes it, queues again, and pays for a ticket each time.
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
                _source.SetResult(item);
                break;
            case End.Refused:
                _source.SetException(core.Stopped());
                break;
            default:
                _source.SetException(new OperationCanceledException(cancellationToken));
                break;
        }
    }
}

/// <summary>The ticket of a map whose reader may have other work than to sleep for it: it sets the map's signal.</summary>
internal sealed class SignallingTicket(AdmissionGate gate, IAdmissible item, Signal signal) : AdmissionTicket(gate, item)
{
    private object? _end;   // an End, once it has ended

    public End? Outcome => (End?)Volatile.Read(ref _end);

    protected override void OnEnded(End end)
    {
        Volatile.Write(ref _end, end);
        signal.Set();
    }
}
