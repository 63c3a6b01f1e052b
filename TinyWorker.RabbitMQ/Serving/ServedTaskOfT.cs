using System.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>A task that was given to the local troupe, with its future. It is told of the end of the future, and goes on on the pool: what
/// follows runs code of the user, such as a serializer.</summary>
/// <param name="owner">The host.</param>
/// <param name="id">The id of the task.</param>
/// <param name="attempt">Which attempt this is.</param>
/// <param name="since">When it was delivered.</param>
/// <param name="delivery">The delivery.</param>
/// <param name="activity">Carries the delivery to the worker. It is stopped when the task has ended.</param>
internal sealed class ServedTask<TIn, TOut>(
    TaskServer<TIn, TOut> owner, string id, int attempt, long since, in Delivery delivery, Activity activity)
    : ServedTask(id, attempt, since, delivery), IContinuation, IThreadPoolWorkItem
{
    private TinyFuture<TOut>? _future;               // set once, when the local troupe has taken it
    private CancellationTokenSource? _waiting;       // set before it waits for room there

    public Activity Activity => activity;

    public TinyFuture<TOut> Future => _future!;

    /// <summary>How many tasks were in the local troupe when it came, itself included.</summary>
    public int Present { get; set; }

    public override bool IsWaiting => Volatile.Read(ref _future) is not { } future || future.Status == TinyFutureStatus.Pending;

    bool IContinuation.IsAbandoned => false;

    /// <summary>It waits for room in the local troupe until the source is cancelled.</summary>
    public void WaitFor(CancellationTokenSource waiting)
    {
        Volatile.Write(ref _waiting, waiting);
        StopIfRequested();
    }

    /// <summary>The local troupe has it.</summary>
    public void Attach(TinyFuture<TOut> future)
    {
        Volatile.Write(ref _future, future);
        StopIfRequested();
        if (!future.TryAddContinuation(this)) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    bool IContinuation.OnSourceCompleted()
    {
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    void IThreadPoolWorkItem.Execute() => owner.OnEnded(this);

    protected override bool Stop(bool onlyIfWaiting)
    {
        // Whoever stops has set its flag before it looks here; whoever attaches looks at the flags after it has written here.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _future) is not { } future) Volatile.Read(ref _waiting)?.Cancel();
        else if (onlyIfWaiting) return future.Recall() && future.WasRecalled;
        else future.Cancel();
        return false;
    }

    private void StopIfRequested()
    {
        Interlocked.MemoryBarrier();
        if (IsCancelRequested || IsReturnRequested) Stop(onlyIfWaiting: false);
        else if (IsRecalled) Stop(onlyIfWaiting: true);
    }
}
