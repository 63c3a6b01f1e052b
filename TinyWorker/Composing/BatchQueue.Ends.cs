using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

// How items leave, and batches end.
internal sealed partial class BatchQueue<TIn, TOut>
{
    /// <summary>The item is about to end: it leaves where it is.</summary>
    public void Detach(BatchItem<TIn, TOut> item)
    {
        bool hasPlace;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            hasPlace = Leave_NeedsLock(item);
        }

        if (hasPlace) _troupe.Gate.Leave();
    }

    /// <summary>
    /// Nobody wants the item any more. One that waits leaves and is to end now, as is one whose batch goes on for others. The last in its
    /// batch ends when the batch has stopped, as a task does that is asked to stop. If somebody waits for the code, each item ends with its
    /// batch.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="failure">How it ends.</param>
    /// <param name="hasGrace">Whether nobody waits for the code.</param>
    /// <param name="isAsked">Whether this is the first such call for an item that ends with its batch.</param>
    /// <returns>Whether the item ends with its batch.</returns>
    public bool TryLeaveToItsBatch(BatchItem<TIn, TOut> item, Failure failure, bool hasGrace, out bool isAsked)
    {
        var hasPlace = false;
        Batch<TIn, TOut>? emptied = null;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            isAsked = false;
            if (item.Unwanted is not null) return true;
            var batch = FormedBatchOf_NeedsLock(item);
            isAsked = batch is not null && (!hasGrace || batch.Wanted == 1);
            if (isAsked)
            {
                item.Unwanted = failure;
                if (--batch!.Wanted == 0) emptied = batch;
            }
            else
            {
                hasPlace = Leave_NeedsLock(item);
            }
        }

        emptied?.Cancel(hasGrace);
        if (hasPlace) _troupe.Gate.Leave();
        return isAsked;
    }

    /// <summary>The formed batch that has the item; null if it is in none.</summary>
    public Batch<TIn, TOut>? RunningBatchOf(BatchItem<TIn, TOut> item)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock)) return FormedBatchOf_NeedsLock(item);
    }

    public void OnSucceeded(Batch<TIn, TOut> batch, TOut[]? results)
    {
        var items = batch.Items!;
        if (results is null || results.Length != items.Length)
        {
            var came = results is null ? "null" : $"an array of {results.Length}";
            OnFailed(batch, Failure.Fault(new InvalidOperationException(
                $"'{_inner.Name}' was given a batch of {items.Length} and returned {came}. The function of a batch must return one " +
                "result for each item, in their order.")));
            return;
        }

        Close(batch, out var wasFormed);
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].Unwanted is { } cancelled) items[i].TryFail(cancelled);
            else items[i].TrySucceed(results[i]);
        }

        End(batch, wasFormed);
    }

    public void OnFailed(Batch<TIn, TOut> batch, Failure failure)
    {
        var toFail = Close(batch, out var wasFormed);
        if (wasFormed && MayIsolate(batch, toFail, failure))
        {
            foreach (var item in toFail)
                if (item.Unwanted is { } cancelled) item.TryFail(cancelled);
            SubmitHalves(toFail, failure);
        }
        else
        {
            foreach (var item in toFail) item.TryFail(failure);
        }

        End(batch, wasFormed);
    }

    /// <summary>Ends the wait of a batch for a place of the inner troupe.</summary>
    public void EndWait(CancellationTokenSource submitting) => _troupe.Cancel(submitting);

    /// <summary>The batch has ended.</summary>
    /// <returns>Its items. If it was not formed, those that wait for a batch: they end as it does.</returns>
    private BatchItem<TIn, TOut>[] Close(Batch<TIn, TOut> batch, out bool wasFormed)
    {
        BatchItem<TIn, TOut>[] left;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            batch.HasEnded = true;
            wasFormed = batch.IsFormed;
            if (batch.Items is not null) return batch.Items;
            _open--;
            _isDue = false;
            left = [.. _waiting];
            _waiting.Clear();
            foreach (var item in left) (item.Place, item.Node) = (BatchPlace.Left, null);
        }

        for (var freed = 0; freed < left.Length; freed++) _troupe.Gate.Leave();
        return left;
    }

    private void End(Batch<TIn, TOut> batch, bool wasFormed)
    {
        batch.Items = null;
        if (_deferred is null) Schedule.Queue(static queue => queue.GoOn(), this, preferLocal: false);   // the inner troupe may be user code
        if (wasFormed) _troupe.Tasks.Release();
    }

    private void GoOn()
    {
        var now = Look();
        Step next;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _open--;
            next = Decide_NeedsLock(now);
        }

        Take(next, bySubmitter: false);
    }

    // Once the batch is closed. If nobody wants its items any more, the failure is that of the last one, which was asked to stop.
    private bool MayIsolate(Batch<TIn, TOut> batch, BatchItem<TIn, TOut>[] items, Failure failure) =>
        _options.IsolateFaults && batch.Wanted > 0 && items.Length > 1 && !failure.IsCancellation
        && failure.Exception is not WorkerStartException && !_troupe.Tasks.IsAborted;

    private void SubmitHalves(BatchItem<TIn, TOut>[] items, Failure failure)
    {
        List<Batch<TIn, TOut>> halves = [];
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            var wanted = Array.FindAll(items, static item => item.Place == BatchPlace.InBatch && item.Unwanted is null);
            foreach (var half in wanted.Chunk(Math.Max(1, (wanted.Length + 1) / 2)))
            {
                var batch = new Batch<TIn, TOut>(this, _deferred is null, half, failure);
                foreach (var item in half) item.Batch = batch;
                halves.Add(batch);
            }

            if (_deferred is null) _open += halves.Count;
        }

        foreach (var half in halves) Submit(half, bySubmitter: false);
    }

    /// <summary>Whether the item had a place of the gate: the caller is to free it.</summary>
    private bool Leave_NeedsLock(BatchItem<TIn, TOut> item)
    {
        var place = item.Place;
        if (place == BatchPlace.Waiting) Remove_NeedsLock(item);
        if (FormedBatchOf_NeedsLock(item) is { } batch && item.Unwanted is null) batch.Wanted--;
        item.Place = BatchPlace.Left;
        return place is BatchPlace.Outside or BatchPlace.Waiting;
    }

    private static Batch<TIn, TOut>? FormedBatchOf_NeedsLock(BatchItem<TIn, TOut> item) =>
        item is { Place: BatchPlace.InBatch, Batch: { IsFormed: true, HasEnded: false } batch } ? batch : null;
}
