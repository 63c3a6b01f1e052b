using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Nito.AsyncEx;
using TinyWorker.Diagnostics;
using TinyWorker.Platform;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Parent;

/// <summary>
/// One child with a worker in it, seen from the parent. The worker's loop calls it, one call at a time. Only <see cref="Kill"/>,
/// <see cref="Recall"/> and the properties are for any thread.
/// </summary>
/// <remarks>
/// This file has the life of the child, ChildSession.Tasks.cs its tasks and their outcomes, ChildSession.Wire.cs the connections.
/// On the data connection, tasks go to the child in order, and their outcomes come back in the same order, each as soon as it is there. So
/// the first task that was sent and has no outcome is the one that the child runs. On the control connection, the parent sends what cannot
/// wait: a request to stop the running task, and a recall of the tasks that have not begun. The child answers a recall with the number of
/// the last task that it keeps. It skips the tasks behind that one, up to the last one that the parent recalled. It always keeps the task
/// whose outcome the parent waits for.
/// </remarks>
internal sealed partial class ChildSession<TIn, TOut> : IAsyncDisposable
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(2);   // a process ends a few milliseconds after its connections

    private readonly ProcessWorkerFactory<TIn, TOut> _factory;
    private readonly WorkerInfo _worker;
    private readonly ILaunchedChild _process;
    private readonly AsyncManualResetEvent _readingEnded = new();   // set once
    private Exception? _disposalFault;   // what the worker's disposal threw, in the child
    private bool _wasKilled;             // set once: it did not end by itself
    private readonly AsyncManualResetEvent _stopping = new();       // set once, when the child has read that it is to stop

    private ChildSession(ProcessWorkerFactory<TIn, TOut> factory, WorkerInfo worker, ILaunchedChild process)
    {
        _worker = worker;
        _recallTimer = new Timer(
            static session => ((ChildSession<TIn, TOut>)session!).OnRecallTimer(), this, Timeout.Infinite, Timeout.Infinite);
        _factory = factory;
        _process = process;
        _data = new SocketConnection(process.Data);
        _reader.ValueFormat = factory.Results;
        // Linux has a buffer of this size from the start; other systems may not.
        if (process.Data.SendBufferSize < 2 * MaxOutstandingBytes) process.Data.SendBufferSize = 2 * MaxOutstandingBytes;
    }

    public int ProcessId => _process.ProcessId;

    public long ResidentBytes => _process.ResidentBytes;

    /// <inheritdoc cref="ILaunchedChild.Exited"/>
    public Task<ChildExit> Exited => _process.Exited;

    /// <summary>Completes when nobody reads from the child any more.</summary>
    public Task ReadingEnded => _readingEnded.WaitAsync();

    /// <summary>The child holds more memory than it may, and is to be replaced.</summary>
    public bool IsOverweight { get; private set; }

    /// <inheritdoc cref="IPrefetchingWorker{TIn, TOut}.PrefetchReturned"/>
    public Action<long, long>? PrefetchReturned { get; set; }

    /// <summary>Starts a child and makes the worker in it.</summary>
    /// <exception cref="Exception">What the worker's factory, constructor or start threw, or why there is no child.</exception>
    public static async Task<ChildSession<TIn, TOut>> StartAsync(
        ProcessWorkerFactory<TIn, TOut> factory, WorkerInfo worker, CancellationToken cancellationToken)
    {
        var process = await factory.Launcher.StartAsync(Describe(factory, worker), cancellationToken).ConfigureAwait(false);
        var session = new ChildSession<TIn, TOut>(factory, worker, process);
        try
        {
            var kill = cancellationToken.UnsafeRegister(static process => ((ILaunchedChild)process!).Kill(), process);
            await using (kill.ConfigureAwait(false)) await OnOwnThread(session.MakeWorker).ConfigureAwait(false);
            // The token may have fired after the worker was made, and killed the child: then the start has failed, too.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e)
        {
            process.EndStart();
            var exit = e is ChildLostException lost ? await session.EndAsync(lost).ConfigureAwait(false) : null;
            await session.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (exit is null) throw;
            throw exit.Lost(worker.Troupe, attempts: 1, e.InnerException);
        }

        return session;
    }

    private void MakeWorker()
    {
        _window = _factory.MayShare ? SharedWindow.TryMake() : null;
        var start = _factory.StartMessage(_worker, _window?.Address ?? "");
        _writer.Write(FrameKind.Start, 0, PayloadFormats.Bytes, start.ToBytes());
        Send();
        Frame answer;
        while (!TryRead(out answer)) Receive();
        _process.EndStart();
        _window?.EndOpening();
        if (answer.Kind == FrameKind.StartFailed) ExceptionDispatchInfo.Throw(answer.Read(_factory.Exceptions));
        if (answer.Kind != FrameKind.Ready) throw new MalformedDataException($"{answer.Kind} as the answer to a start");
        if (answer.Sequence == 0) return;   // without the window, everything goes through the connection
        _writer.Shares = _window is not null;
        _reader.Window = _window;
    }

    /// <summary>
    /// Lets the worker dispose itself, however long that takes, and exit, and waits until nothing of it is left. A child that does not answer
    /// in <see cref="ProcessTroupeOptions.ExitTimeout"/>, or does not exit in that time after its worker was disposed, is killed.
    /// </summary>
    /// <exception cref="Exception">What the worker's disposal threw.</exception>
    public async Task StopAsync()
    {
        try
        {
            _writer.Write(FrameKind.Stop, 0);
            Send();
            var reading = OnOwnThread(ReadToEnd);
            await EndedWithinAsync(Task.WhenAny(_stopping.WaitAsync(), reading, Exited)).ConfigureAwait(false);
            await Task.WhenAny(reading, Exited).ConfigureAwait(false);
            await EndedWithinAsync(Exited).ConfigureAwait(false);
            await reading.WaitAsync(ReadTimeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChildLostException or TimeoutException or TaskSchedulerException)
        {
            // The child is gone already. Or it is gone now, and a process that it left behind holds the connection open. Or the system gave
            // no thread.
        }

        var wasKilled = Volatile.Read(ref _wasKilled);
        await DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
        await LogEndAsync(wasKilled).ConfigureAwait(false);
        if (_disposalFault is not null) ExceptionDispatchInfo.Throw(_disposalFault);
    }

    // A process that was stopped leaves with code 0. Otherwise nobody knows whether the worker's disposal (a flush, a commit) has ended.
    private async Task LogEndAsync(bool wasKilled)
    {
        var exit = await Exited.ConfigureAwait(false);
        var isTold = exit.KilledBecause is null && (exit.Code == 0 || wasKilled);   // whoever killed it without a reason has logged that
        if (!isTold) Log.ProcessLost(_factory.Troupe.Logger, _worker.WorkerName, exit.ProcessId, exit.ToString());
    }

    private async Task EndedWithinAsync(Task task)
    {
        var timeout = _factory.Options.ExitTimeout;
        try
        {
            await task.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill(FormattableString.Invariant($"it did not exit in {timeout} after it was stopped (ProcessTroupeOptions.ExitTimeout)"));
            throw;
        }
    }

    private void ReadToEnd()
    {
        try
        {
            while (true)
            {
                while (TryRead(out var frame))
                {
                    if (frame.Kind == FrameKind.Stopping) _stopping.Set();
                    else TryLog(frame);
                }

                Receive();
            }
        }
        catch (ChildLostException lost)
        {
            // The connection has ended. Or the child sends what cannot be read, and may wait for that to be read.
            if (!lost.IsOfTheConnection) Kill();
        }
    }

    /// <summary>How the child has ended, once it is lost.</summary>
    public async Task<ChildExit> EndAsync(ChildLostException lost)
    {
        if (lost.IsOfTheConnection)
        {
            try
            {
                // Not killed: its exit tells why it ended.
                return await Exited.WaitAsync(ReadTimeout).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The process lives, without its connection.
            }
        }

        Kill();
        return await Exited.ConfigureAwait(false);
    }

    /// <inheritdoc cref="ILaunchedChild.Kill"/>
    public void Kill(string? because = null)
    {
        Volatile.Write(ref _wasKilled, true);
        _process.Kill(because);
    }

    public async ValueTask DisposeAsync()
    {
        _readingEnded.Set();
        await _recallTimer.DisposeAsync().ConfigureAwait(false);
        await _process.DisposeAsync().ConfigureAwait(false);
        _window?.Dispose();   // if the loop still copies, the memory is released when it has
    }

    // The connection is never used asynchronously: the first asynchronous call would make it non-blocking for good, and every byte would
    // take a detour through two other threads. To wait while a worker is made or disposed may take long: no thread of the shared pool does.
    private static Task OnOwnThread(Action conversation) =>
        Task.Factory.StartNew(conversation, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static ChildStart Describe(ProcessWorkerFactory<TIn, TOut> factory, WorkerInfo worker)
    {
        var options = factory.Options;
        var logger = factory.Troupe.Logger;
        var name = worker.WorkerName;
        Action<string> toConsole = line => Console.Error.WriteLine($"{name}: {line}");
        return new ChildStart(name, factory.EntryPoint)
        {
            Environment = EnvironmentOf(options, worker) ?? new Dictionary<string, string?>(),
            WorkingDirectory = options.WorkingDirectory,
            Timeout = options.StartTimeout,
            KillAboveMemory = options.KillAboveMemory,
            OnOutputLine = options.LoggerFactory is null ? toConsole : line => Log.WorkerOutput(logger, name, line),
            OnErrorLine = options.LoggerFactory is null ? toConsole : line => Log.WorkerErrorOutput(logger, name, line),
        };
    }

    // The user's function cannot await, and may block on asynchronous code.
    private static IReadOnlyDictionary<string, string?>? EnvironmentOf(ProcessTroupeOptions options, WorkerInfo worker) =>
        options.Environment is { } environment
            ? WorkerStartException.Naming(
                "the function ProcessTroupeOptions.Environment",
                () => SynchronizationContextSwitcher.NoContext(() => environment(worker)))
            : null;

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_outstanding.Sum(static task => task.Bytes) == _outstandingBytes, "the bytes are those of the outstanding tasks");
        Debug.Assert(_answered <= _recalled && _recalled <= _sequence, "only tasks that were sent are recalled, and then given back");
    }
}
