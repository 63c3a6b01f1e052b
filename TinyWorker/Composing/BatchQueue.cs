using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>The items that wait to be taken into a batch, and when a batch is formed of them.</summary>
/// <remarks>
/// This file has how items come and batches are formed; BatchQueue.Ends.cs has how items leave and batches end.
/// A troupe of this library takes a batch before it is formed: one at a time waits there among the other tasks. When a worker has taken
/// it, it is formed of what waits then, and if more waits the next follows at once. So batches grow exactly while no worker is free,
/// whoever else uses the workers, and however many there are. To any other troupe batches are submitted when they are formed: as many at a
/// time as it has workers. In both cases <c>_open</c> counts the batches that keep others from being submitted.
/// Who owns what: an item that waits belongs to the lock. Whoever takes it out of the line under the lock (a batch that is formed, the
/// end of the item) frees its place of the gate afterwards. A batch that was submitted is formed, fails or is refused: each of them comes
/// with one step under the lock, after which <see cref="Decide_NeedsLock"/> is asked again. So no item waits unless a batch is open that
/// will take it, or the timer is set, or the troupe was aborted, which ends every item.
/// </remarks>
internal sealed partial class BatchQueue<TIn, TOut>
{
    private readonly BatchedTroupe<TIn, TOut> _troupe;
    private readonly ITinyTroupe<TIn[], TOut[]> _inner;
    private readonly IDeferredInputTroupe<TIn[], TOut[]>? _deferred;   // _inner, if it takes batches before they are formed
    private readonly BatchOptions _options;
    private readonly TimeProvider _clock;
    private readonly ITimer? _timer;   // if there is a delay
    private readonly long _frequency;  // of _clock, if there is a delay
    private readonly int _full;        // so many items need not wait for others

    private readonly Lock _lock = new();
    private readonly LinkedList<BatchItem<TIn, TOut>> _waiting = new();   // guarded by _lock, as all below
    private BatchItem<TIn, TOut>? _timed;   // the item for which the timer is set
    private bool _isDue;                    // the first item has waited for others long enough
    private bool _isFlushed;                // set once: no item waits for others any more
    private int _open;

    public BatchQueue(BatchedTroupe<TIn, TOut> troupe, ITinyTroupe<TIn[], TOut[]> inner, BatchOptions options)
    {
        _troupe = troupe;
        _inner = inner;
        _deferred = inner as IDeferredInputTroupe<TIn[], TOut[]>;
        _options = options;
        _full = Math.Min(options.MaxSize, options.Capacity);
        _clock = GuardedClock.Of(options.TimeProvider ?? troupe.TimeProvider, troupe.Logger, troupe.Name);
        if (options.MaxDelay <= TimeSpan.Zero) return;
        _frequency = _clock.TimestampFrequency;
        _timer = Timers.Create(_clock, static queue => ((BatchQueue<TIn, TOut>)queue!).OnTimer(), this);
    }

    /// <summary>An accepted item has its input.</summary>
    public void Add(BatchItem<TIn, TOut> item, bool bySubmitter)
    {
        var now = Look();
        Step next;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (item.Place != BatchPlace.Outside) return;   // ended meanwhile
            item.Place = BatchPlace.Waiting;
            item.Since = now.Time;
            item.Node = _waiting.AddLast(item);
            next = Decide_NeedsLock(now);
        }

        Take(next, bySubmitter);
    }

    /// <summary>No item waits for others from now on.</summary>
    public void Flush()
    {
        var now = Look();
        Step next;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _isFlushed = true;
            next = Decide_NeedsLock(now);
        }

        Take(next, bySubmitter: false);
    }

    /// <summary>Nothing will come any more.</summary>
    public void End() => _timer?.Dispose();

    /// <summary>Forms a batch. False if there is nothing to put into it.</summary>
    public bool TryForm(Batch<TIn, TOut> batch, [MaybeNullWhen(false)] out TIn[] input)
    {
        input = null;
        var freed = 0;
        var now = Look();
        var next = default(Step);
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (batch.HasEnded) return false;
            Debug.Assert(!batch.IsFormed, "a batch is formed once");
            var isFresh = batch.Items is null;
            if (_troupe.Tasks.IsAborted) batch.Items = [];   // the abort ends each of them, whatever becomes of the batch
            else if (isFresh) freed = TakeWaiting_NeedsLock(batch);
            else batch.Items = Array.FindAll(batch.Items!, static item => item.Place == BatchPlace.InBatch);
            batch.Wanted = batch.Items!.Length;
            batch.IsFormed = batch.Wanted > 0;
            if (batch.IsFormed)
            {
                _troupe.Tasks.Keep();   // to the end of the batch, whatever becomes of its items
                input = Array.ConvertAll(batch.Items, static item => item.Argument);
            }

            if (_deferred is not null && isFresh)
            {
                _open--;
                next = Decide_NeedsLock(now);
            }
        }

        Take(next, bySubmitter: false);
        while (freed-- > 0) _troupe.Gate.Leave();
        return input is not null;
    }

    // To be called outside the lock: a troupe and a clock may be the user's code.
    private Moment Look() => new(_deferred is not null ? 1 : Breadth(), _timer is not null ? _clock.GetTimestamp() : 0);

    // One that cannot tell (it was disposed, perhaps) gets one batch at a time. What is wrong with it is told where the batch is submitted.
    private int Breadth()
    {
        try
        {
            return ComposedTroupe.BreadthOf(_inner);
        }
        catch (Exception)
        {
            return 1;
        }
    }

    /// <summary>What to do, now that something has changed.</summary>
    private Step Decide_NeedsLock(Moment now)
    {
        if (_waiting.First is not { Value: var first } || _open >= now.Limit || _troupe.Tasks.IsAborted) return default;
        var left = TimeSpan.Zero;
        if (_timer is not null && !_isDue && !_isFlushed && _waiting.Count < _full)
        {
            // Between zero and the delay, also if the clock jumps.
            var waited = Math.Clamp((now.Time - first.Since) / (double)_frequency, 0, _options.MaxDelay.TotalSeconds);
            left = _options.MaxDelay - TimeSpan.FromSeconds(waited);
        }

        if (left <= TimeSpan.Zero)
        {
            _open++;
            return new Step(new Batch<TIn, TOut>(this, _deferred is null), TimeSpan.Zero);
        }

        if (_timed is not null) return default;   // set for an older item: it will be set again then
        _timed = first;
        return new Step(null, left);
    }

    private void Take(Step step, bool bySubmitter)
    {
        if (step.Batch is not null) Submit(step.Batch, bySubmitter);
        else if (step.Delay > TimeSpan.Zero) _timer!.Change(step.Delay, Timeout.InfiniteTimeSpan);   // a clock may call at once, here
    }

    private void OnTimer()
    {
        var now = Look();
        Step next;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            // It may be early by a moment: so the item decides, not the clock.
            _isDue |= _timed is not null && _waiting.First?.Value == _timed;
            _timed = null;
            next = Decide_NeedsLock(now);
        }

        Take(next, bySubmitter: false);
    }

    private void Submit(Batch<TIn, TOut> batch, bool bySubmitter)
    {
        if (_deferred is null)
        {
            if (bySubmitter) SubmitFormed(batch);
            else Schedule.Queue(static work => work.queue.SubmitFormed(work.batch), (queue: this, batch), preferLocal: false);
        }
        else if (_deferred.SubmitDeferred(batch, bySubmitter) is { } refusal)
        {
            OnFailed(batch, batch.Earlier ?? Failure.Fault(refusal));
        }
    }

    // The inner troupe may be anybody's: it may throw, and it may take its time.
    private void SubmitFormed(Batch<TIn, TOut> batch)
    {
        if (!TryForm(batch, out var input))
        {
            GoOn();
            return;
        }

        _ = SubmitAsync(batch, input);

        async Task SubmitAsync(Batch<TIn, TOut> batch, TIn[] input)
        {
            try
            {
                var future = await _inner.SubmitAsync(input, batch.Submitting).ConfigureAwait(false);
                batch.Attach(future);
            }
            catch (OperationCanceledException e) when (batch.Submitting.IsCancellationRequested)
            {
                OnFailed(batch, Failure.Cancellation(e));
            }
            catch (Exception e)
            {
                OnFailed(batch, batch.Earlier ?? Failure.Fault(e));
            }
        }
    }

    private int TakeWaiting_NeedsLock(Batch<TIn, TOut> batch)
    {
        var taken = new List<BatchItem<TIn, TOut>>(Math.Min(_options.MaxSize, _waiting.Count));
        var freed = 0;
        while (taken.Count < _options.MaxSize && _waiting.First is { Value: var item })
        {
            Remove_NeedsLock(item);
            freed++;
            item.Place = item.IsEnding ? BatchPlace.Left : BatchPlace.InBatch;
            if (item.Place == BatchPlace.Left) continue;
            item.Batch = batch;
            taken.Add(item);
        }

        batch.Items = [.. taken];
        return freed;
    }

    private void Remove_NeedsLock(BatchItem<TIn, TOut> item)
    {
        if (_waiting.First == item.Node) _isDue = false;
        _waiting.Remove(item.Node!);
        item.Node = null;
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_open >= 0, "each open batch is closed once");
        Debug.Assert(_waiting.First is not { Value.Place: not BatchPlace.Waiting }, "the line holds items that wait");
        Debug.Assert(
            _waiting.Count == 0 || _open > 0 || _timed is not null || _troupe.Tasks.IsAborted,
            "no item waits without a batch that will take it, or the timer");
    }

    /// <param name="Limit">How many batches may keep others from being submitted.</param>
    /// <param name="Time">The time, if there is a delay.</param>
    private readonly record struct Moment(int Limit, long Time);

    /// <summary>What is to be done outside the lock: a batch to submit, a delay for the timer, or nothing.</summary>
    private readonly record struct Step(Batch<TIn, TOut>? Batch, TimeSpan Delay);
}
