using System.Runtime.ExceptionServices;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Wire;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// One child with a worker in it, seen from the parent. It is called by the worker's loop, one call at a time; only <see cref="Kill"/>,
/// <see cref="Recall"/> and the properties are for anybody.
/// </summary>
/// <remarks>
/// This file has its life, Child.Tasks.cs what it is handed and what comes back, Child.Wire.cs the connections.
/// On the data connection the tasks go there in order and their outcomes come back in the same order, each as soon as it is there: so the first
/// that is handed and has no outcome is the one that the child is at. On the control connection the parent says what cannot wait:
/// that the running task is to stop, and that what has not been begun is to be left. The child answers the latter with the number of the
/// last task that it keeps: those behind it, up to the one that the parent named, it passes over. It keeps the one whose outcome is waited for.
/// </remarks>
internal sealed partial class Child<TIn, TOut> : IAsyncDisposable
{
    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(2);   // a connection ends a few milliseconds before the process has

    private readonly ProcessWorkers<TIn, TOut> _workers;
    private readonly WorkerInfo _worker;
    private readonly ILaunchedChild _process;
    private readonly TaskCompletionSource _seenOff = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Child(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker, ILaunchedChild process)
    {
        _worker = worker;
        _impatience = new Timer(static child => ((Child<TIn, TOut>)child!).OnImpatience(), this, Timeout.Infinite, Timeout.Infinite);
        _workers = workers;
        _process = process;
        _reader.ValueFormat = workers.Results;
        // Enough on Linux as it is; not everywhere.
        if (process.Data.SendBufferSize < 2 * MostBytesHanded) process.Data.SendBufferSize = 2 * MostBytesHanded;
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
            await OnOwnThread(child.MakeWorker).ConfigureAwait(false);
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

        return child;
    }

    private void MakeWorker()
    {
        _writer.Write(FrameKind.Start, 0, OwnFormats.Bytes, _workers.StartMessage(_worker).ToBytes());
        Send();
        Frame answer;
        while (!TryRead(out answer)) Receive();
        _process.EndStart();
        if (answer.Kind == FrameKind.StartFailed) ExceptionDispatchInfo.Throw(answer.Read(_workers.Exceptions));
        if (answer.Kind != FrameKind.Ready) throw new MalformedFrameException($"{answer.Kind} as the answer to a start");
    }

    /// <summary>Lets the worker dispose itself and leave, and waits until nothing of it is left.</summary>
    public async Task StopAsync()
    {
        try
        {
            _writer.Write(FrameKind.Stop, 0);
            Send();
            var lastWords = OnOwnThread(HearLastWords);
            await Exited.ConfigureAwait(false);
            await lastWords.WaitAsync(DeathPatience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ChildLostException or TimeoutException or TaskSchedulerException)
        {
            // It is gone already; or it is now, and some process that it left behind holds the connection open. Or the system gave no thread.
        }

        await DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
    }

    private void HearLastWords()
    {
        try
        {
            while (true)
            {
                while (TryRead(out var frame)) TryLog(frame);
                Receive();
            }
        }
        catch (ChildLostException lost)
        {
            // That was all; or it cannot be heard any more, and may wait for that.
            if (!lost.IsOfTheConnection) Kill();
        }
    }

    /// <summary>How it has ended, once it is lost.</summary>
    public async Task<ChildExit> EndAsync(ChildLostException lost)
    {
        if (lost.IsOfTheConnection)
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

    // The connection is never used asynchronously: it would be a non-blocking one from then on, and every byte take a detour through two other
    // threads. Whoever waits for it while a worker is made or disposed, which may take long, takes no thread from the shared pool.
    private static Task OnOwnThread(Action conversation) =>
        Task.Factory.StartNew(conversation, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static ChildStart Describe(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker)
    {
        using var withoutContext = new WithoutContext();   // the user's function for the environment cannot await
        var options = workers.Options;
        var name = worker.WorkerName;
        return new ChildStart(name, ChildServer.Serve)
        {
            Environment = options.Environment?.Invoke(worker) ?? new Dictionary<string, string?>(),
            WorkingDirectory = options.WorkingDirectory,
            Timeout = options.StartTimeout,
            OnOutputLine = options.LoggerFactory is null ? line => Console.Error.WriteLine($"{name}: {line}") : line => Log.WorkerOutput(workers.Troupe.Logger, name, line),
            OnErrorLine = options.LoggerFactory is null ? line => Console.Error.WriteLine($"{name}: {line}") : line => Log.WorkerErrorOutput(workers.Troupe.Logger, name, line),
        };
    }
}
