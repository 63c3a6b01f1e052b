using System.Diagnostics;
using System.Net.Sockets;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;
using TinyWorker.Futures;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// A worker in its child. It lives in an inline troupe on the thread that reads the connection: so it is made, called and disposed on one
/// thread, with all that a troupe promises it, and a task is handed from no thread to another.
/// </summary>
/// <remarks>
/// The thread that listens to the control connection shares some things with it, under a lock: which task was begun last, and whether it still
/// runs, with the source of its token; which was cancelled last, for a cancellation can overtake its task; and up to which the parent has
/// taken tasks back. A task is begun and ended under the lock, and the answer to a recall is sent under it: so it goes before the outcome
/// of every task that is begun later. The parent never loses the task whose outcome it waits for: that one has begun and not ended, or is
/// the next to begin, which is spared.
/// </remarks>
#pragma warning disable CA1001 // The token source has no timer and no handle: there is nothing to dispose.
internal sealed class ChildServer<TIn, TOut> : IChildServer
#pragma warning restore CA1001
{
    private readonly StartMessage _start;
    private readonly Func<WorkerInfo, ITinyWorker<TIn, TOut>> _factory;
    private readonly PayloadFormat<TIn> _inputs;
    private readonly PayloadFormat<TOut> _results;
    private readonly PayloadFormat<Exception> _exceptions;
    private readonly Lock _lock = new();
    private CancellationTokenSource _cancellation = new();   // guarded by _lock: of the task that runs, or of the next
    private long _begun;                                     // guarded by _lock: the last
    private bool _isRunning;                                 // guarded by _lock: whether that one has not ended
    private long _recalled;                                  // guarded by _lock: up to this, none is to be begun
    private long _spared;                                    // guarded by _lock: but this one
    private long _cancelled;                                 // guarded by _lock: the last that was asked to stop

    public ChildServer(StartMessage start, Delegate function, IPayloadSerializer serializer)
    {
        _start = start;
        _factory = new WorkerRecipe<TIn, TOut>(start.Kind, function).Factory();
        _inputs = PayloadFormat.For<TIn>(serializer, start.Worker.Troupe);
        _results = PayloadFormat.For<TOut>(serializer, start.Worker.Troupe);
        _exceptions = PayloadFormat.For<Exception>(serializer, start.Worker.Troupe);
    }

    public int Serve(ChildConnection connection, Socket control)
    {
        connection.ValueFormat = _inputs;
        using var log = new ChildLog(e => connection.Report(FrameKind.CallbackFaulted, 0, _exceptions, e));
        using var troupe = new TinyTroupe<TIn, TOut>(
            _ => _factory(_start.Worker),
            new InlineTroupeOptions { Name = _start.Worker.Troupe, Workers = 1, IsInChild = true, CancellationGrace = Timeout.InfiniteTimeSpan, LoggerFactory = log });
        try
        {
            Blocking.Wait(troupe.WhenReadyAsync());
        }
        catch (WorkerStartException e)
        {
            connection.Send(FrameKind.StartFailed, 0, _exceptions, e.InnerException!);
            return 1;
        }

        new Thread(() => ListenTo(new ChildConnection(control), connection)) { Name = "TinyWorker: listens to the parent", IsBackground = true }.UnsafeStart();
        connection.Send(FrameKind.Ready, 0);
        (string? Description, long Sequence) activity = default;
        while (connection.TryReceive(out var frame) && frame.Kind is FrameKind.Call or FrameKind.Activity)
        {
            if (frame.Kind == FrameKind.Activity)
            {
                activity = (frame.Read(OwnFormats.Text), frame.Sequence);
                continue;
            }

            if (!TryBegin(frame.Sequence, out var token)) continue;
            using (var under = activity.Description is not null && activity.Sequence == frame.Sequence ? FlowingActivity.Start(activity.Description) : null)
                Run(troupe, connection, frame, under, token);
            activity = default;
        }

        troupe.Dispose();
        if (log.DisposalFault is { } exception) connection.Send(FrameKind.DisposeFailed, 0, _exceptions, exception);
        return 0;
    }

    private void Run(TinyTroupe<TIn, TOut> troupe, ChildConnection connection, in Frame frame, Activity? activity, CancellationToken token)
    {
        TIn input;
        try
        {
            input = frame.Read(_inputs);
        }
        catch (Exception e)
        {
            End();
            SendFault(connection, frame.Sequence, e);
            return;
        }

        var outcome = Outcome(troupe, input, activity, token);
        End();
        // Before the outcome: with that the parent decides whom to give the next task.
        if (_start.MaxMemory is { } limit && Environment.WorkingSet > limit) connection.Send(FrameKind.Overweight, frame.Sequence);
        if (outcome.FailureOrNull is { } failure) SendFault(connection, frame.Sequence, failure.Exception);
        else SendResult(connection, frame.Sequence, outcome.Value);
    }

    private static TinyFuture<TOut> Outcome(TinyTroupe<TIn, TOut> troupe, TIn input, Activity? activity, CancellationToken token)
    {
        try
        {
            var future = troupe.SubmitUnder(activity, input, token);
            Blocking.Wait(future, Timeout.InfiniteTimeSpan, CancellationToken.None);   // an inline troupe has run it, but for its last lines
            return future;
        }
        catch (OperationCanceledException e)
        {
            return TinyFuture.FromException<TOut>(e);   // the token had fired before
        }
    }

    private void SendResult(ChildConnection connection, long sequence, TOut value)
    {
        try
        {
            connection.Send(FrameKind.Result, sequence, _results, value);
        }
        catch (Exception e)
        {
            SendFault(connection, sequence, e);
        }
    }

    private void SendFault(ChildConnection connection, long sequence, Exception exception) =>
        connection.Send(FrameKind.Fault, sequence, _exceptions, exception);

    private bool TryBegin(long sequence, out CancellationToken token)
    {
        lock (_lock)
        {
            token = _cancellation.Token;
            if (sequence <= _recalled && sequence != _spared) return false;
            _begun = sequence;
            _isRunning = true;
            if (_cancelled == sequence) _cancellation.Cancel();   // nothing is registered on it yet
            return true;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            _isRunning = false;
            // The source of a task that was asked to stop may be about to fire.
            if (_cancelled == _begun || !_cancellation.TryReset()) _cancellation = new CancellationTokenSource();
        }
    }

    private void ListenTo(ChildConnection control, ChildConnection data)
    {
        while (control.TryReceive(out var frame))
        {
            switch (frame.Kind)
            {
                case FrameKind.Cancel:
                    Cancel(frame.Sequence);
                    break;
                case FrameKind.Recall:
                    Recall(frame.Sequence, data);
                    break;
            }
        }
    }

    private void Cancel(long sequence)
    {
        CancellationTokenSource toSignal;
        lock (_lock)
        {
            _cancelled = sequence;
            if (!_isRunning || _begun != sequence) return;
            toSignal = _cancellation;
        }

        // On the pool, where the troupe hears of it and signals the token that the user's code has.
        _ = toSignal.CancelAsync();
    }

    private void Recall(long last, ChildConnection data)
    {
        lock (_lock)
        {
            if (!_isRunning && _spared <= _begun) _spared = Math.Max(_begun, _recalled) + 1;
            _recalled = Math.Max(_recalled, last);
            data.Reply(FrameKind.Recalled, last, OwnFormats.Number, Math.Max(_begun, _spared));
        }
    }
}
