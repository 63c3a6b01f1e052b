using System.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Tasks;
using TinyWorker.Threading;
using TinyWorker.Workers;
using TinyWorker.Workers.Executors;

namespace TinyWorker.Processes.Child;

/// <summary>
/// Serves one worker in its child. The worker lives in an inline troupe on the thread that reads the connection: so it is made, called and
/// disposed on one thread, it has everything that a troupe promises it, and no task passes from one thread to another. Only what it awaits
/// goes on elsewhere (<see cref="WithoutWorkersContext{TIn, TOut}"/>).
/// </summary>
/// <remarks>
/// The worker's thread shares some state with the thread that listens to the control connection, under a lock:
/// which task was begun last, whether it still runs, and the source of its token; which task was cancelled last, because a cancellation
/// can overtake its task; and up to which task the parent has recalled.
/// A task is begun and ended under the lock, and the answer to a recall is sent under it. So the answer is sent before the outcome of
/// every task that is begun later. The parent never loses the task whose outcome it waits for: either that task has begun and not ended,
/// or it is the next one to begin, which a recall spares.
/// </remarks>
#pragma warning disable CA1001 // The token source has no timer and no handle: there is nothing to dispose.
internal sealed class WorkerServer<TIn, TOut> : IWorkerServer
#pragma warning restore CA1001
{
    private static readonly TimeSpan CallbackPatience = TimeSpan.FromSeconds(1);

    private readonly StartMessage _start;
    private readonly Func<WorkerInfo, ITinyWorker<TIn, TOut>> _factory;
    private readonly PayloadFormat<TIn> _inputs;
    private readonly PayloadFormat<TOut> _results;
    private readonly PayloadFormat<Exception> _exceptions;
    private readonly Lock _lock = new();
    private CancellationTokenSource _cancellation = new();   // guarded by _lock: of the running task, or of the next
    private long _begun;                                     // guarded by _lock: the last task that was begun; 0 before the first
    private bool _isRunning;                                 // guarded by _lock: whether that task has not ended
    private long _recalled;                                  // guarded by _lock: no task up to this one is to be begun
    private long _spared;                                    // guarded by _lock: except this one; 0 before the first recall
    private long _cancelled;                                 // guarded by _lock: the last task that was asked to stop

    public WorkerServer(StartMessage start, Delegate function, IPayloadSerializer serializer)
    {
        _start = start;
        _factory = WithoutWorkersContext<TIn, TOut>.Around(new WorkerRecipe<TIn, TOut>(start.Kind, function).Factory());
        _inputs = PayloadFormats.For<TIn>(serializer, start.Worker.Troupe);
        _results = PayloadFormats.For<TOut>(serializer, start.Worker.Troupe);
        _exceptions = PayloadFormats.For<Exception>(serializer, start.Worker.Troupe);
    }

    public int Serve(ParentConnection connection, LocalConnection control)
    {
        connection.ValueFormat = _inputs;
        using var log = new ForwardingLogger(e => connection.Report(FrameKind.CallbackFaulted, 0, _exceptions, e));
        var settings = new TroupeSettings
        {
            Name = _start.Worker.Troupe,
            Workers = 1,
            Capacity = TinyTroupeOptions.DefaultCapacity,
            CancellationGrace = Timeout.InfiniteTimeSpan,
            Logger = TroupeSettings.LoggerOf(log),
            IsObserved = false,
        };
        var backend = new InlineBackend(hasOneThread: true);
        using var troupe = new Troupe<TIn, TOut>(settings, backend, isOfFunctions: true, _ => _ => _factory(_start.Worker));
        try
        {
            Blocking.Wait(troupe.WhenReadyAsync(CancellationToken.None));
        }
        catch (WorkerStartException e)
        {
            connection.Send(FrameKind.StartFailed, 0, _exceptions, e.InnerException!);
            return 1;
        }

        var listener = new Thread(() => Listen(new ParentConnection(control), connection));
        (listener.Name, listener.IsBackground) = ("TinyWorker: listens to the parent", true);
        listener.UnsafeStart();
        using var window = SharedWindow.TryOpen(_start.Window);
        if (window is not null) connection.Share(window);
        connection.Send(FrameKind.Ready, window is null ? 0 : 1);
        (string? Description, long Sequence) activity = default;
        Frame frame;
        while (connection.TryReceive(out frame) && frame.Kind is FrameKind.Call or FrameKind.Activity)
        {
            if (frame.Kind == FrameKind.Activity)
            {
                activity = (frame.Read(PayloadFormats.Text), frame.Sequence);
                continue;
            }

            if (!TryBegin(frame.Sequence, out var token)) continue;
            var hasActivity = activity.Description is not null && activity.Sequence == frame.Sequence;
            using (var current = hasActivity ? new TaskActivity(activity.Description!, troupe.Core) : null)
                Run(troupe.Core, connection, frame, current?.Activity, token);
            activity = default;
        }

        if (frame.Kind == FrameKind.Stop) connection.Send(FrameKind.Stopping, 0);
        try
        {
            troupe.Dispose();
        }
        catch (Exception e)
        {
            connection.Send(FrameKind.DisposeFailed, 0, _exceptions, e);   // the disposal of the worker threw
        }

        Blocking.Wait(troupe.Loops.SignalsAsync(atMost: CallbackPatience));   // what they throw is to be logged
        connection.EndSending();
        return 0;
    }

    private void Run(TroupeCore<TIn, TOut> troupe, ParentConnection connection, in Frame frame, Activity? activity, CancellationToken token)
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
        // Before the outcome: when the parent has the outcome, it decides which worker gets the next task.
        if (_start.MaxMemory is { } limit && Environment.WorkingSet > limit) connection.Send(FrameKind.Overweight, frame.Sequence);
        if (outcome.FailureOrNull is { } failure) SendFault(connection, frame.Sequence, failure.Exception);
        else SendResult(connection, frame.Sequence, outcome.Value);
    }

    private static TinyFuture<TOut> Outcome(TroupeCore<TIn, TOut> troupe, TIn input, Activity? activity, CancellationToken token)
    {
        try
        {
            var future = troupe.SubmitUnder(activity, input, token);
            // An inline troupe has run the task already; only the last lines of the loop may be left.
            Blocking.Wait(future, Timeout.InfiniteTimeSpan, CancellationToken.None);
            return future;
        }
        catch (OperationCanceledException e)
        {
            return TinyFuture.FromException<TOut>(e);   // the token was signalled before
        }
    }

    private void SendResult(ParentConnection connection, long sequence, TOut value)
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

    private void SendFault(ParentConnection connection, long sequence, Exception exception) =>
        connection.Send(FrameKind.Fault, sequence, _exceptions, exception);

    private bool TryBegin(long sequence, out CancellationToken token)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
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
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            _isRunning = false;
            // The source of a task that was asked to stop may be about to be signalled.
            if (_cancelled == _begun || !_cancellation.TryReset()) _cancellation = new CancellationTokenSource();
        }
    }

    private void Listen(ParentConnection control, ParentConnection data)
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
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            _cancelled = sequence;
            if (!_isRunning || _begun != sequence) return;
            toSignal = _cancellation;
        }

        // On the pool. The troupe then signals the token that the user's code has.
        _ = toSignal.CancelAsync();
    }

    private void Recall(long last, ParentConnection data)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            if (!_isRunning && _spared <= _begun) _spared = Math.Max(_begun, _recalled) + 1;
            _recalled = Math.Max(_recalled, last);
            data.Reply(FrameKind.Recalled, last, PayloadFormats.Number, Math.Max(_begun, _spared));
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(!_isRunning || _begun > 0, "a task that runs was begun");
        Debug.Assert(_spared == 0 || _recalled > 0, "only a recall spares a task");
    }
}
