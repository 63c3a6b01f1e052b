using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// One child with a worker in it, seen from the parent. Calls are made one at a time; <see cref="Kill"/> and the properties are for anybody.
/// </summary>
/// <remarks>
/// On the data connection each side writes only when it is its turn: the parent a call, the child its outcome. On the control
/// connection the parent says what cannot wait for that: that the running task is to stop.
/// </remarks>
internal sealed class Child<TIn, TOut> : IAsyncDisposable
{
    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(2);   // a connection ends a few milliseconds before the process has
    private static readonly PayloadFormat<byte[]> Raw = PayloadFormat.For<byte[]>(new JsonPayloadSerializer(), "");

    private readonly ProcessWorkers<TIn, TOut> _workers;
    private readonly ChildProcess _process;
    private readonly FrameWriter _writer = new();
    private readonly FrameReader _reader = new(FrameDirection.ToParent);
    private long _sequence;   // of the last call

    private Child(ProcessWorkers<TIn, TOut> workers, ChildProcess process)
    {
        _workers = workers;
        _process = process;
        _reader.ValueFormat = workers.Results;
    }

    public int ProcessId => _process.ProcessId;

    public long ResidentBytes => _process.ResidentBytes;

    /// <inheritdoc cref="ChildProcess.Exited"/>
    public Task<ChildExit> Exited => _process.Exited;

    /// <summary>It holds more memory than it may: it is to be replaced.</summary>
    public bool IsOverweight { get; private set; }

    /// <summary>Starts a child and makes the worker in it.</summary>
    /// <exception cref="Exception">What the worker's factory, constructor or start threw, or why there is no child.</exception>
    public static async Task<Child<TIn, TOut>> StartAsync(ProcessWorkers<TIn, TOut> workers, WorkerInfo worker, CancellationToken cancellationToken)
    {
        var process = await ChildProcess.StartAsync(Describe(workers, worker), cancellationToken).ConfigureAwait(false);
        var child = new Child<TIn, TOut>(workers, process);
        try
        {
            await using var registration = cancellationToken.UnsafeRegister(static process => ((ChildProcess)process!).Kill(), process).ConfigureAwait(false);
            child._writer.Write(FrameKind.Start, 0, Raw, workers.StartMessage(worker).ToBytes());
            await child.SendAsync().ConfigureAwait(false);
            var answer = await child.ReceiveAsync().ConfigureAwait(false);
            if (answer.Kind == FrameKind.StartFailed) throw answer.Read(workers.Exceptions);
            if (answer.Kind != FrameKind.Ready) throw new MalformedFrameException($"{answer.Kind} as the answer to a start");
            return child;
        }
        catch (Exception e)
        {
            var exit = e is ChildLostException lost ? await child.EndAsync(lost).ConfigureAwait(false) : null;
            await child.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (exit is not null) throw new WorkerCrashedException(worker.Troupe, exit.ProcessId, exit.Code, exit.Signal, exit.LastErrors, attempts: 1, e.InnerException);
            throw;
        }
    }

    /// <summary>Runs one task there. The token asks the task to stop; the call goes on until it has, or the child is gone.</summary>
    /// <exception cref="ChildLostException">The child is gone. Any other exception is the task's own.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken)
    {
        var sequence = ++_sequence;
        _writer.Write(FrameKind.Call, sequence, _workers.Inputs, input);
        await SendAsync().ConfigureAwait(false);
        // Behind the call, although it goes another way: who is asked to stop what it does not know yet, must remember it.
        await using var registration = cancellationToken.UnsafeRegister(static child => ((Child<TIn, TOut>)child!).CancelLast(), this).ConfigureAwait(false);
        while (true)
        {
            var frame = await ReceiveAsync().ConfigureAwait(false);
            if (frame.Kind == FrameKind.Overweight)
            {
                IsOverweight = true;
                continue;
            }

            if (frame.Sequence != sequence) throw Lost(new MalformedFrameException($"{frame.Kind} for task {frame.Sequence}, while task {sequence} was running"));
            switch (frame.Kind)
            {
                case FrameKind.Result:
                    return Read(frame, _workers.Results);
                case FrameKind.Fault:
                    ExceptionDispatchInfo.Throw(Read(frame, _workers.Exceptions));
                    break;
                default:
                    throw Lost(new MalformedFrameException($"{frame.Kind} as the outcome of a task"));
            }
        }
    }

    /// <summary>Lets the worker dispose itself and leave, and waits until nothing of it is left.</summary>
    public async Task StopAsync()
    {
        try
        {
            _writer.Write(FrameKind.Stop, 0);
            await SendAsync().ConfigureAwait(false);
            await Exited.ConfigureAwait(false);
        }
        catch (ChildLostException)
        {
            // It is gone already.
        }

        await DisposeAsync().ConfigureAwait(false);
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

    /// <inheritdoc cref="ChildProcess.Kill"/>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
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

    private void CancelLast()
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size];
        new FrameHeader(FrameKind.Cancel, 0, _sequence).Write(frame);
        try
        {
            _process.Control.Send(frame);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone, which the call sees for itself.
        }
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Frame> ReceiveAsync()
    {
        try
        {
            Frame frame;
            while (!_reader.TryRead(out frame))
            {
                var count = await _process.Data.ReceiveAsync(_reader.GetMemory(), SocketFlags.None).ConfigureAwait(false);
                if (count == 0) throw Lost(null);
                _reader.Advance(count);
            }

            return frame;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or MalformedFrameException)
        {
            throw Lost(e);
        }
    }

    private static T Read<T>(in Frame frame, PayloadFormat<T> format)
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

    // A peer that ends with something of ours unread resets the connection; one that has read it all just ends it.
    private static ChildLostException Lost(Exception? cause) =>
        new(cause is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } or ObjectDisposedException, cause);
}
