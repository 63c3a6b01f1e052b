using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// One child with a worker in it, seen from the parent. It is called by the worker's loop, one call at a time; only <see cref="Kill"/>,
/// <see cref="Recall"/> and the properties are for anybody.
/// </summary>
/// <remarks>
/// On the data connection the tasks go there in order and their outcomes come back in the same order, each as soon as it is there: so the first
/// that is handed and has no outcome is the one that the child is at. On the control connection the parent says what cannot wait:
/// that the running task is to stop, and that what has not been begun is to be left. The child answers the latter with the number of the
/// last task that it keeps: those behind it, up to the one that the parent named, it passes over. It keeps the one whose outcome is waited for.
/// </remarks>
internal sealed class Child<TIn, TOut> : IAsyncDisposable
{
    private const double WorthReaching = 200;    // microseconds: a multiple of what it takes to hand a task over
    private const int MostHanded = 64;
    private const int MostBytesHanded = 64 * 1024;   // always fit into the connection: to send never waits for a child that waits to send itself
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(1);   // a task that takes so long holds up those behind it

    private static readonly TimeSpan Rested = TimeSpan.FromMilliseconds(1);       // a child that had nothing to do for so long may have died of something else

    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(2);   // a connection ends a few milliseconds before the process has

    private readonly ProcessWorkers<TIn, TOut> _workers;
    private readonly WorkerInfo _worker;
    private readonly ILaunchedChild _process;
    private readonly FrameWriter _writer = new();
    private readonly FrameReader _reader = new(FrameDirection.ToParent);
    private readonly Queue<(long Number, long Bytes)> _handed = new();   // guarded by the lock on itself: neither ended nor come back
    private readonly Lock _control = new();
    private readonly Timer _impatience;
    private long _sequence;        // the number of the last task that was handed
    private long _running;         // the one whose outcome is waited for
    private long _recalled;        // guarded by the lock on _handed: up to which number tasks were asked for
    private long _answered;        // guarded by the lock on _handed: up to which number that was answered
    private long _handedBytes;     // the loop's
    private bool _couldNotSend;    // set once
    private bool _isProbing;       // the task that it is at is the first after a rest
    private readonly TaskCompletionSource _seenOff = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastReceived;    // when: a time stamp
    private int _outcomes;         // since then
    private double _timePerTask;   // in microseconds, averaged; 0 as long as it is not known
    private int _isImpatient;      // 1 while the timer is set

    private Child(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker, ILaunchedChild process)
    {
        _worker = worker;
        _impatience = new Timer(static child => ((Child<TIn, TOut>)child!).OnImpatience(), this, Timeout.Infinite, Timeout.Infinite);
        _workers = workers;
        _process = process;
        _reader.ValueFormat = workers.Results;
    }

    public int ProcessId => _process.ProcessId;

    public long ResidentBytes => _process.ResidentBytes;

    /// <inheritdoc cref="ILaunchedChild.Exited"/>
    public Task<ChildExit> Exited => _process.Exited;

    /// <summary>Nobody reads from it any more.</summary>
    public Task SeenOff => _seenOff.Task;

    /// <summary>Whether it was handed tasks that have not ended.</summary>
    public bool HasTasks
    {
        get
        {
            lock (_handed) return _handed.Count > 0;
        }
    }

    /// <summary>It holds more memory than it may: it is to be replaced.</summary>
    public bool IsOverweight { get; private set; }

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.Returned"/>
    public Action<long, long>? Returned { get; set; }

    /// <summary>Starts a child and makes the worker in it.</summary>
    /// <exception cref="Exception">What the worker's factory, constructor or start threw, or why there is no child.</exception>
    public static async Task<Child<TIn, TOut>> StartAsync(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker, CancellationToken cancellationToken)
    {
        var process = await workers.Launcher.StartAsync(Describe(workers, worker), cancellationToken).ConfigureAwait(false);
        var child = new Child<TIn, TOut>(workers, worker, process);
        try
        {
            await using var registration = cancellationToken.UnsafeRegister(static process => ((ILaunchedChild)process!).Kill(), process).ConfigureAwait(false);
            child._writer.Write(FrameKind.Start, 0, OwnFormats.Bytes, workers.StartMessage(worker).ToBytes());
            await child.SendAsync().ConfigureAwait(false);
            Frame answer;
            while (!child.TryRead(out answer)) await child.ReceiveAsync().ConfigureAwait(false);
            process.EndStart();
            if (answer.Kind == FrameKind.StartFailed) ExceptionDispatchInfo.Throw(answer.Read(workers.Exceptions));
            if (answer.Kind != FrameKind.Ready) throw new MalformedFrameException($"{answer.Kind} as the answer to a start");
            return child;
        }
        catch (Exception e)
        {
            process.EndStart();
            var exit = e is ChildLostException lost ? await child.EndAsync(lost).ConfigureAwait(false) : null;
            await child.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (exit is not null) throw new WorkerCrashedException(worker.Troupe, exit.ProcessId, exit.Code, exit.Signal, exit.LastErrors, attempts: 1, e.InnerException);
            throw;
        }
    }

    /// <summary>
    /// How many tasks it ends in <see cref="WorthReaching"/>. None with the first after a rest: if it died meanwhile, that task is alone, and it
    /// can be told that it was not begun.
    /// </summary>
    public int Reach => _workers.Options.MaxWorkerMemory is null && _timePerTask > 0 && !_isProbing ? (int)Math.Min(MostHanded, WorthReaching / _timePerTask) : 0;

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.Hand"/>
    public long Hand(TIn input, Activity? activity)
    {
        if (_handed.Count == 0)
        {
            var now = Stopwatch.GetTimestamp();
            _isProbing = Stopwatch.GetElapsedTime(_lastReceived, now) > Rested;
            Volatile.Write(ref _lastReceived, now);
        }
        else if (_handedBytes > MostBytesHanded) return 0;
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
        _handedBytes += bytes;
        lock (_handed)
        {
            // What was asked for comes back: a task that is handed behind it would overtake it.
            if (_handed.Count > 0 && _recalled > _answered)
            {
                _writer.Rollback(mark);
                _handedBytes -= bytes;
                return 0;
            }

            Volatile.Write(ref _sequence, _sequence + 1);
            _handed.Enqueue((_sequence, bytes));
            return _sequence;
        }
    }

    /// <inheritdoc cref="IAheadWorker{TIn, TOut}.FlushAsync"/>
    public async ValueTask FlushAsync()
    {
        if (_writer.IsEmpty) return;
        try
        {
            await SendAsync().ConfigureAwait(false);
        }
        catch (ChildLostException)
        {
            _couldNotSend = true;
        }
    }

    /// <summary>Waits for the outcome of the first task that was handed. The token asks it to stop; the call goes on until it has, or the child is gone.</summary>
    /// <exception cref="ChildLostException">The child is gone. Any other exception is the task's own.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TOut> OutcomeAsync(long number, CancellationToken cancellationToken)
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

                await ReceiveAsync().ConfigureAwait(false);
            }

            if (frame.Sequence != number) throw Lost(new MalformedFrameException($"{frame.Kind} for task {frame.Sequence}, while task {number} was running"));
            _outcomes++;
            _isProbing = false;
            lock (_handed) _handedBytes -= _handed.Dequeue().Bytes;   // it is the first: the others come back only behind it
            switch (frame.Kind)
            {
                case FrameKind.Result:
                    return Read(frame, _workers.Results);
                case FrameKind.Fault:
                    ExceptionDispatchInfo.Throw(Read(frame, _workers.Exceptions));
                    break;
            }

            throw Lost(new MalformedFrameException($"{frame.Kind} as the outcome of a task"));
        }
        finally
        {
            await registration.DisposeAsync().ConfigureAwait(false);   // waits for a callback under way: it must not cancel the next task
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

    /// <summary>Lets the worker dispose itself and leave, and waits until nothing of it is left.</summary>
    public async Task StopAsync()
    {
        try
        {
            _writer.Write(FrameKind.Stop, 0);
            await SendAsync().ConfigureAwait(false);
            var lastWords = HearLastWordsAsync();
            await Exited.ConfigureAwait(false);
            await lastWords.WaitAsync(DeathPatience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChildLostException or TimeoutException)
        {
            // It is gone already; or it is now, and some process that it left behind holds the connection open.
        }

        await DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
    }

    private async Task HearLastWordsAsync()
    {
        try
        {
            while (true)
            {
                while (TryRead(out var frame)) TryLog(frame);
                await ReceiveAsync().ConfigureAwait(false);
            }
        }
        catch (ChildLostException)
        {
            // That was all.
        }
    }

    /// <summary>How it has ended, once it is lost.</summary>
    public async Task<ChildExit> EndAsync(ChildLostException lost)
    {
        if (lost.InnerException is not MalformedFrameException)
        {
            try
            {
                // By itself, so that one sees how.
                return await Exited.WaitAsync(DeathPatience).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The process lives, and does not talk any more.
            }
        }

        Kill();
        return await Exited.ConfigureAwait(false);
    }

    /// <inheritdoc cref="ILaunchedChild.Kill"/>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _seenOff.TrySetResult();
        await _impatience.DisposeAsync().ConfigureAwait(false);
        await _process.DisposeAsync().ConfigureAwait(false);
    }

    private static ChildStart Describe(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker)
    {
        var options = workers.Options;
        var name = $"{worker.Troupe} #{worker.Index}";
        return new ChildStart(name, ChildServer.Serve)
        {
            Environment = options.Environment?.Invoke(worker) ?? new Dictionary<string, string?>(),
            WorkingDirectory = options.WorkingDirectory,
            Timeout = options.StartTimeout,
            OnOutputLine = options.LoggerFactory is null ? line => Console.Error.WriteLine($"{name}: {line}") : line => Log.WorkerOutput(workers.Troupe.Logger, name, line),
            OnErrorLine = options.LoggerFactory is null ? line => Console.Error.WriteLine($"{name}: {line}") : line => Log.WorkerErrorOutput(workers.Troupe.Logger, name, line),
        };
    }

    private void CancelRunning() => SendControl(FrameKind.Cancel, Volatile.Read(ref _running));

    private void SendControl(FrameKind kind, long sequence)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size];
        new FrameHeader(kind, 0, sequence).Write(frame);
        try
        {
            lock (_control)
            {
                // A child that is stopped takes nothing more; to ask it is in vain, and not to be waited for.
                if (_process.Control.Poll(TimeSpan.Zero, SelectMode.SelectWrite)) _process.Control.Send(frame);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone, which the outcome shows.
        }
    }

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

        if (Interlocked.Exchange(ref _isImpatient, 1) != 0) return;
        try
        {
            _impatience.Change(Impatience, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // It is being seen off.
        }
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
            if (_handed.TryPeek(out var waitedFor) && kept < waitedFor.Number) throw Lost(new MalformedFrameException($"task {kept + 1} given back, which it was to keep"));
            _answered = Math.Max(_answered, last);
            if (kept >= last) return;
            for (var left = _handed.Count; left > 0; left--)
            {
                var handed = _handed.Dequeue();
                if (handed.Number > kept && handed.Number <= last) _handedBytes -= handed.Bytes;
                else _handed.Enqueue(handed);
            }
        }

        Returned?.Invoke(kept + 1, last);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync()
    {
        try
        {
            for (var i = 0; i < _writer.SegmentCount; i++)
            {
                var rest = _writer.Segment(i);
                while (rest.Length > 0) rest = rest[await _process.Data.SendAsync(rest, SocketFlags.None).ConfigureAwait(false)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e);
        }
        finally
        {
            _writer.Clear();
        }
    }

    private bool TryRead(out Frame frame)
    {
        try
        {
            return _reader.TryRead(out frame);
        }
        catch (MalformedFrameException e)
        {
            throw Lost(e);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReceiveAsync()
    {
        try
        {
            BeImpatient();
            var count = await _process.Data.ReceiveAsync(_reader.GetMemory(), SocketFlags.None).ConfigureAwait(false);
            if (count == 0) throw Lost(null);
            _reader.Advance(count);
            NoteTheTime();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e);
        }
    }

    private void NoteTheTime()
    {
        var now = Stopwatch.GetTimestamp();
        if (_outcomes > 0)
        {
            var time = Stopwatch.GetElapsedTime(_lastReceived, now).TotalMicroseconds / _outcomes;
            _timePerTask = _timePerTask == 0 ? time : (_timePerTask * 0.75) + (time * 0.25);
        }

        _outcomes = 0;
        Volatile.Write(ref _lastReceived, now);
    }

    private T Read<T>(in Frame frame, PayloadFormat<T> format)
    {
        try
        {
            return frame.Read(format);
        }
        catch (MalformedFrameException e)
        {
            throw Lost(e);
        }
    }

    // A peer that ends with something of ours unread resets the connection; one that has read it all just ends it. If there was but one
    // task, that is the one. What was disposed here tells nothing.
    private ChildLostException Lost(Exception? cause)
    {
        lock (_handed)
        {
            var isUnread = _couldNotSend || cause is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown };
            return new ChildLostException(wasUntouched: isUnread && _handed.Count <= 1, cause);
        }
    }
}
