using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TinyWorker.Backends.Processes.Wire;
using TinyWorker.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Backends.Processes;

internal sealed partial class Child<TIn, TOut>
{
    private const double WorthReaching = 200;    // microseconds: a multiple of what it takes to hand a task over
    private const int MostHanded = 64;
    private const int MostBytesHanded = 64 * 1024;   // always fit into the connection: to send never waits for a child that waits to send itself
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(1);   // a task that takes so long holds up those behind it

    private readonly Queue<(long Number, long Bytes)> _handed = new();   // guarded by the lock on itself: neither ended nor come back
    private readonly Timer _impatience;
    private long _sequence;        // the number of the last task that was handed
    private long _running;         // the one whose outcome is waited for
    private long _recalled;        // guarded by the lock on _handed: up to which number tasks were asked for
    private long _answered;        // guarded by the lock on _handed: up to which number that was answered
    private long _handedBytes;     // the loop's
    private long _lastReceived;    // when: a time stamp
    private int _outcomes;         // since then
    private Pace _pace;            // of its outcomes
    private int _isImpatient;      // 1 while the timer is set

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.TasksEnded"/>
    public long TasksEnded { get; private set; }

    /// <summary>How many tasks it ends in <see cref="WorthReaching"/>.</summary>
    public int Reach => _workers.Options.MaxWorkerMemory is null ? _pace.ItemsIn(WorthReaching, atMost: MostHanded) : 0;

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.Hand"/>
    public long Hand(TIn input, Activity? activity)
    {
        if (_handed.Count == 0) Volatile.Write(ref _lastReceived, Stopwatch.GetTimestamp());
        else if (_handedBytes >= MostBytesHanded) return 0;

        using var withoutContext = new WithoutContext();   // a serializer cannot await
        var before = _writer.Length;
        var mark = _writer.Mark();
        try
        {
            if (activity is not null) _writer.Write(FrameKind.Activity, _sequence + 1, OwnFormats.Text, FlowingActivity.Describe(activity));
            _writer.Write(FrameKind.Call, _sequence + 1, _workers.Inputs, input);
        }
        catch
        {
            _writer.Rollback(mark);   // the number is that of another task then
            throw;
        }

        var bytes = _writer.Length - before;
        lock (_handed)
        {
            // What was asked for comes back: a task that is handed behind it would overtake it. And one that is large by itself is for a child
            // that has nothing else to do: until it has gone there nothing is read, and the child may be stuck with a large outcome.
            if (_handed.Count > 0 && (_recalled > _answered || _handedBytes + bytes > MostBytesHanded))
            {
                _writer.Rollback(mark);
                return 0;
            }

            _handedBytes += bytes;
            Volatile.Write(ref _sequence, _sequence + 1);
            _handed.Enqueue((_sequence, bytes));
            return _sequence;
        }
    }

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.Flush"/>
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

    /// <summary>Blocks until the outcome of the first task that was handed is there. The token asks it to stop; the call goes on until it has, or the child is gone.</summary>
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
                    registration = cancellationToken.UnsafeRegister(static child => ((Child<TIn, TOut>)child!).CancelRunning(), this);
                }

                Receive();
            }

            if (frame.Sequence != number) throw Lost(new MalformedFrameException($"{frame.Kind} for task {frame.Sequence}, while task {number} was running"));
            _outcomes++;
            TasksEnded++;
            lock (_handed) _handedBytes -= _handed.Dequeue().Bytes;   // it is the first: the others come back only behind it
            if (frame.Kind == FrameKind.Result) return Read(frame, _workers.Results);
            if (frame.Kind == FrameKind.Fault) ExceptionDispatchInfo.Throw(Read(frame, _workers.Exceptions));
            throw Lost(new MalformedFrameException($"{frame.Kind} as the outcome of a task"));
        }
        finally
        {
            registration.Dispose();   // waits for a callback under way: it must not cancel the next task
        }
    }

    /// <summary>Asks for the tasks that have not been begun. Thread-safe.</summary>
    public void Recall()
    {
        long last;
        lock (_handed)
        {
            if (_handed.Count < 2) return;
            last = Volatile.Read(ref _sequence);
            if (last == _recalled) return;   // once is enough; and frames that nobody reads must not pile up until they block who cancels
            _recalled = last;
        }

        SendControl(FrameKind.Recall, last);
    }

    private void CancelRunning() => SendControl(FrameKind.Cancel, Volatile.Read(ref _running));

    // The running task takes its time, whatever those before it took: what is handed behind it is for others.
    private void OnImpatience()
    {
        Volatile.Write(ref _isImpatient, 0);
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastReceived)) >= Impatience) Recall();
        else BeImpatient();
    }

    private void BeImpatient()
    {
        lock (_handed)
        {
            if (_handed.Count < 2) return;
        }

        if (Interlocked.Exchange(ref _isImpatient, 1) == 0) _impatience.Change(Impatience, Timeout.InfiniteTimeSpan);   // without effect once it is being seen off
    }

    /// <summary>The next frame that is about a task that has ended, if it is there.</summary>
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
                    ComeBack(Read(frame, OwnFormats.Number), frame.Sequence);
                    break;
                default:
                    if (TryLog(frame)) break;
                    return true;
            }
        }

        return false;
    }

    /// <summary>Logs what is for the log alone; it comes late if the worker rests, for nobody reads then.</summary>
    private bool TryLog(in Frame frame)
    {
        if (frame.Kind == FrameKind.CallbackFaulted)
            Log.CallbackFaulted(_workers.Troupe.Logger, _worker.Troupe, Read(frame, _workers.Exceptions));
        else if (frame.Kind == FrameKind.DisposeFailed)
            Log.WorkerDisposeFailed(_workers.Troupe.Logger, _worker.Troupe, _worker.Index, Read(frame, _workers.Exceptions));
        else return false;
        return true;
    }

    private void ComeBack(long kept, long last)
    {
        lock (_handed)
        {
            if (last > _recalled) throw Lost(new MalformedFrameException($"task {last} given back, which was not asked for"));
            // The one whose outcome is waited for stays there; what lies before it has ended.
            if (kept < _handed.Peek().Number) throw Lost(new MalformedFrameException($"task {kept + 1} given back, which it was to keep"));
            _answered = Math.Max(_answered, last);
            if (kept >= last) return;
            for (var left = _handed.Count; left > 0; left--)
            {
                var handed = _handed.Dequeue();
                if (handed.Number > kept && handed.Number <= last) _handedBytes -= handed.Bytes;
                else _handed.Enqueue(handed);
            }
        }

        Returned!(kept + 1, last);
    }

    private void NoteTheTime()
    {
        var now = Stopwatch.GetTimestamp();
        if (_outcomes > 0) _pace.Note(Stopwatch.GetElapsedTime(_lastReceived, now), _outcomes);
        _outcomes = 0;
        Volatile.Write(ref _lastReceived, now);
    }
}
