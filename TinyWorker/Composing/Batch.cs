using System.Diagnostics.CodeAnalysis;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>
/// A task of the inner troupe. At first it has no items: it is formed, of the items that wait then, when a worker has taken it. The half
/// of a batch that has failed has its items from the start, and is formed of those that are still wanted, unless the troupe was aborted.
/// </summary>
/// <remarks>The queue owns its state. It ends as its future does, or when the inner troupe refuses it.</remarks>
internal sealed class Batch<TIn, TOut>(
    BatchQueue<TIn, TOut> queue, bool isFormedFirst, BatchItem<TIn, TOut>[]? items = null, Failure? earlier = null)
    : IDeferredInput<TIn[], TOut[]>, IContinuation
{
    // If it is formed before it is submitted: cancels the wait for a place
    private readonly CancellationTokenSource? _submitting = isFormedFirst ? new CancellationTokenSource() : null;
    private TinyFuture<TOut[]>? _future;   // set once

    // Guarded by the lock of the queue.
    public BatchItem<TIn, TOut>[]? Items { get; set; } = items;

    /// <summary>How many of the items are wanted; from when it is formed.</summary>
    public int Wanted { get; set; }

    /// <summary>Whether a worker works on its items, or will: how it ends is how they end. Not if none was left to put into it.</summary>
    public bool IsFormed { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>Why the batch has failed of which this is a half; null if it is none.</summary>
    public Failure? Earlier => earlier;

    public bool IsRunning => Volatile.Read(ref _future) is { Status: TinyFutureStatus.Running };

    public CancellationToken Submitting => _submitting!.Token;

    bool IContinuation.IsAbandoned => false;

    public void Attach(TinyFuture<TOut[]> future)
    {
        Volatile.Write(ref _future, future);
        future.AddContinuation(this);
    }

    public bool TryMake([MaybeNullWhen(false)] out TIn[] input) => queue.TryForm(this, out input);

    /// <summary>For a batch that was formed.</summary>
    public void Cancel(bool hasGrace)
    {
        if (Volatile.Read(ref _future) is not { } future)
        {
            Schedule.Queue(static wait => wait.queue.EndWait(wait.submitting), (queue, submitting: _submitting!), preferLocal: false);
        }
        else if (hasGrace)
        {
            future.Cancel();
        }
        else
        {
            future.CancelWithoutGrace();
        }
    }

    public bool OnSourceCompleted()
    {
        var future = _future!;
        if (future.PeekedFailure is { } failure) queue.OnFailed(this, failure);
        else queue.OnSucceeded(this, future.Value);
        return true;
    }
}
