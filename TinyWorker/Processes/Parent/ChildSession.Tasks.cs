using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TinyWorker.Diagnostics;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Threading;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Parent;

internal sealed partial class ChildSession<TIn, TOut>
{
    private const double PrefetchWindow = 200;    // microseconds: a multiple of what it takes to send one task by itself
    private const int MaxOutstanding = 64;
    private const int MaxOutstandingBytes = 64 * 1024;   // fit into the connection: a send never waits for a child that waits to send
    private static readonly TimeSpan RecallDelay = TimeSpan.FromMilliseconds(1);   // a task that takes longer holds up those behind it

    private readonly Lock _lock = new();
    private readonly Queue<(long Number, long Bytes)> _outstanding = new();   // guarded by _lock: sent, and neither ended nor given back
    private readonly Timer _recallTimer;
    private long _sequence;            // the number of the last task that was written; the loop writes it, under _lock
    private long _running;             // the task whose outcome the loop waits for
    private long _recalled;            // guarded by _lock: the last task that was recalled
    private long _answered;            // guarded by _lock: the last task up to which a recall was answered
    private long _outstandingBytes;    // the loop's; written under _lock
    private long _lastReceived;        // a time stamp
    private int _outcomes;             // how many were read since then
    private MovingAverage _pace;       // of the outcomes
    private int _isRecallTimerSet;     // 0 or 1

    /// <inheritdoc cref="IPrefetchingWorker{TIn, TOut}.TasksEnded"/>
    public long TasksEnded { get; private set; }

    /// <summary>How many tasks end in <see cref="PrefetchWindow"/>.</summary>
    public int PrefetchLimit => _factory.Options.MaxWorkerMemory is null ? _pace.ItemsIn(PrefetchWindow, atMost: MaxOutstanding) : 0;

    /// <inheritdoc cref="IPrefetchingWorker{TIn, TOut}.Prefetch"/>
    public long Prefetch(TIn input, Activity? activity)
    {
        if (_outstanding.Count == 0) Volatile.Write(ref _lastReceived, Stopwatch.GetTimestamp());
        else if (_outstandingBytes >= MaxOutstandingBytes) return 0;

        using var withoutContext = new WithoutContext();   // a serializer cannot await
        var before = _writer.Length;
        var mark = _writer.Mark();
        try
        {
            if (activity is not null)
                _writer.Write(FrameKind.Activity, _sequence + 1, PayloadFormats.Text, ActivityHeader.Describe(activity));
            _writer.Write(FrameKind.Call, _sequence + 1, _factory.Inputs, input);
        }
        catch
        {
            _writer.Rollback(mark);   // the next task gets this number
            throw;
        }

        var bytes = _writer.Length - before;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            // While a recall is not answered, recalled tasks come back: a task sent behind them would overtake them. And a task that is
            // large by itself is sent only to a child that has nothing else to do: nothing is read here until it is sent, and a child that
            // runs another task may wait to send a large outcome.
            if (_outstanding.Count > 0 && (_recalled > _answered || _outstandingBytes + bytes > MaxOutstandingBytes))
            {
                _writer.Rollback(mark);
                return 0;
            }

            _outstandingBytes += bytes;
            Volatile.Write(ref _sequence, _sequence + 1);
            _outstanding.Enqueue((_sequence, bytes));
            return _sequence;
        }
    }

    /// <inheritdoc cref="IPrefetchingWorker{TIn, TOut}.Flush"/>
    public void Flush()
    {
        if (_writer.IsEmpty) return;
        try
        {
            Send();
        }
        catch (ChildLostException)
        {
            _couldNotSend = true;
        }
    }

    /// <summary>
    /// Blocks until the outcome of the first outstanding task is there. The token asks the task to stop; the call returns only when the
    /// task has ended, or the child is gone.
    /// </summary>
    /// <exception cref="ChildLostException">The child is gone. Any other exception is the task's own.</exception>
    public TOut Outcome(long number, CancellationToken cancellationToken)
    {
        var registration = default(CancellationTokenRegistration);
        try
        {
            Frame frame;
            while (!TryReadOutcome(out frame))
            {
                if (registration == default)
                {
                    _running = number;
                    registration = cancellationToken.UnsafeRegister(
                        static session => ((ChildSession<TIn, TOut>)session!).CancelRunning(), this);
                }

                Receive();
            }

            if (frame.Sequence != number)
                throw Lost(new MalformedDataException($"{frame.Kind} for task {frame.Sequence}, while task {number} was running"));
            _outcomes++;
            TasksEnded++;
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants();
                _outstandingBytes -= _outstanding.Dequeue().Bytes;   // it is the first: only tasks behind it are given back
            }

            if (frame.Kind == FrameKind.Result) return Read(frame, _factory.Results);
            if (frame.Kind == FrameKind.Fault) ExceptionDispatchInfo.Throw(Read(frame, _factory.Exceptions));
            throw Lost(new MalformedDataException($"{frame.Kind} as the outcome of a task"));
        }
        finally
        {
            registration.Dispose();   // waits for a callback that runs: it must not cancel the next task
        }
    }

    /// <summary>Asks for the tasks that have not been begun. Thread-safe.</summary>
    public void Recall()
    {
        long last;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            if (_outstanding.Count < 2) return;
            last = Volatile.Read(ref _sequence);
            // Once is enough. A child that reads nothing must not be sent frame after frame, until the send blocks whoever cancels.
            if (last == _recalled) return;
            _recalled = last;
        }

        SendControl(FrameKind.Recall, last);
    }

    private void CancelRunning() => SendControl(FrameKind.Cancel, Volatile.Read(ref _running));

    // The running task takes long, although those before it were quick: other workers can run the tasks behind it sooner.
    private void OnRecallTimer()
    {
        Volatile.Write(ref _isRecallTimerSet, 0);
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastReceived)) >= RecallDelay) Recall();
        else SetRecallTimer();
    }

    private void SetRecallTimer()
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            if (_outstanding.Count < 2) return;
        }

        if (Interlocked.Exchange(ref _isRecallTimerSet, 1) == 1) return;
        _recallTimer.Change(RecallDelay, Timeout.InfiniteTimeSpan);   // does nothing once the session is being disposed
    }

    /// <summary>The next frame that tells of a task's end, if it has arrived.</summary>
    private bool TryReadOutcome(out Frame frame)
    {
        while (TryRead(out frame))
        {
            switch (frame.Kind)
            {
                case FrameKind.Overweight:
                    IsOverweight = true;
                    break;
                case FrameKind.Recalled:
                    OnRecalled(Read(frame, PayloadFormats.Number), frame.Sequence);
                    break;
                default:
                    if (TryLog(frame)) break;
                    return true;
            }
        }

        return false;
    }

    /// <summary>Logs a frame that is for the log alone. It is logged late if the worker has no task, because nobody reads then.</summary>
    private bool TryLog(in Frame frame)
    {
        if (frame.Kind == FrameKind.CallbackFaulted)
            Log.CallbackFaulted(_factory.Troupe.Logger, _worker.Troupe, Read(frame, _factory.Exceptions));
        else if (frame.Kind == FrameKind.DisposeFailed)
            _disposalFault = Read(frame, _factory.Exceptions);   // the worker loop logs it
        else return false;
        return true;
    }

    /// <summary>The child has answered a recall: of the tasks up to the last, it gives back those behind the one that it kept.</summary>
    private void OnRecalled(long kept, long last)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            if (last > _recalled) throw Lost(new MalformedDataException($"task {last} given back, which was not recalled"));
            // The child keeps the task whose outcome is waited for. The tasks before that one have ended.
            if (kept < _outstanding.Peek().Number)
                throw Lost(new MalformedDataException($"task {kept + 1} given back, which the child has to keep"));
            _answered = Math.Max(_answered, last);
            if (kept >= last) return;
            for (var left = _outstanding.Count; left > 0; left--)
            {
                var task = _outstanding.Dequeue();
                if (task.Number > kept && task.Number <= last) _outstandingBytes -= task.Bytes;
                else _outstanding.Enqueue(task);
            }
        }

        PrefetchReturned!(kept + 1, last);
    }

    private void MeasurePace()
    {
        var now = Stopwatch.GetTimestamp();
        if (_outcomes > 0) _pace.Note(Stopwatch.GetElapsedTime(_lastReceived, now), _outcomes);
        _outcomes = 0;
        Volatile.Write(ref _lastReceived, now);
    }
}
