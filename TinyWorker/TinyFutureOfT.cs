using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker;

/// <summary>
/// The result of a task that may not be there yet. It can be awaited, blocked on, cancelled, or handed unfinished to another troupe.
/// </summary>
/// <remarks>
/// Thread-safe throughout: any number of threads may await it, block on it, cancel it and hang callbacks on it at the same time.
/// Awaiters and callbacks run on the context they captured or on the shared thread pool, never on the thread that completes the future.
/// The idea of a future that the next pool accepts unfinished comes from the Python library tiny-worker.
/// </remarks>
/// <typeparam name="T">The type of the result.</typeparam>
[DebuggerDisplay("{ToString(),nq}")]
public abstract class TinyFuture<T> : IWatchable
{
    // The states, and who moves a future from one to the next (each arrow into a state is one compare-and-swap on _state, so it has one winner):
    //
    //   Pending --> Running --> Completing --> completed: succeeded, faulted or cancelled
    //      \          |  ^          ^
    //       \         v  | (by Cancel or a deadline; the worker goes on until it obeys or is given up)
    //        \     StopRequested ---+
    //         \---------------------+   (cancelled while waiting, failed input, or a promise that is kept)
    //
    // Between Pending and Running a task may be Handed: sent ahead to a worker elsewhere that is still at another, which alone knows whether it
    // has begun. It still waits, but its worker's loop alone moves it on: to Running, back to Pending when the worker gives it back, or to
    // Completing. Cancel makes it HandedUnwanted and asks for it back.
    //
    // Whoever enters Completing owns the future alone: it writes _value, and then completes the future by one exchange, which puts the end
    // (Success, or the Failure) where the continuations were and takes those out. A continuation is added by swapping it in for
    // what was there, unless that is an end: so each one is either seen by the completer or told by TryAdd that the future is complete.
    // None is lost, none runs twice. The end stands in the continuations' field because that makes the future smaller, too.
    private protected const int Pending = 0;
    private protected const int Handed = 1;
    private protected const int HandedUnwanted = 2;
    private protected const int Running = 3;
    private protected const int StopRequested = 4;
    private protected const int Completing = 5;   // the last: completed futures stay there

    private static readonly object Success = new();

    private protected int _state;
    private T? _value;                   // set once, in Completing, by success
    private object? _continuationsOrEnd; // null, one IContinuation, or a ContinuationList; once completed: Success or a Failure

    private protected TinyFuture()
    {
    }

    /// <summary>Where the future is in its life. Never blocks.</summary>
    public TinyFutureStatus Status => Volatile.Read(ref _continuationsOrEnd) switch
    {
        Failure { IsCancellation: true } => TinyFutureStatus.Canceled,
        Failure => TinyFutureStatus.Faulted,
        var end when end == Success => TinyFutureStatus.Succeeded,
        _ => Volatile.Read(ref _state) < Running ? TinyFutureStatus.Pending : TinyFutureStatus.Running,
    };

    /// <summary>Whether it has ended: succeeded, faulted or cancelled. Never blocks.</summary>
    public bool IsCompleted => IsEnd(Volatile.Read(ref _continuationsOrEnd));

    /// <summary>The exception of a faulted future; null unless <see cref="Status"/> is <see cref="TinyFutureStatus.Faulted"/>.</summary>
    public Exception? Exception => FailureOrNull is { IsCancellation: false } failure ? failure.Exception : null;

    internal bool HasContinuations => Volatile.Read(ref _continuationsOrEnd) is not null;

    internal bool IsSuccess => Volatile.Read(ref _continuationsOrEnd) == Success;

    /// <summary>Why it failed. Null if it succeeded, or has not ended.</summary>
    internal Failure? FailureOrNull => Volatile.Read(ref _continuationsOrEnd) as Failure;

    /// <summary>The result; only to be asked of a future that has succeeded.</summary>
    internal T Value => _value!;

    /// <summary>Blocks until the future has ended and returns its result.</summary>
    /// <remarks>Needs no thread of the shared pool to go on. Spins for a few microseconds before the thread sleeps.</remarks>
    /// <returns>The result.</returns>
    /// <exception cref="OperationCanceledException">The future was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It is unfinished, and the caller runs inside a worker of the same troupe.</exception>
    /// <exception cref="System.Exception">The task's own exception, as it was thrown; never an <see cref="AggregateException"/> around it.</exception>
    public T Result()
    {
        if (!IsCompleted) Wait(Timeout.InfiniteTimeSpan, CancellationToken.None);
        return GetResultOfCompleted();
    }

    /// <inheritdoc cref="Result()"/>
    /// <param name="timeout">How long to wait at the most; <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.</param>
    /// <exception cref="TimeoutException">The future had not ended in time. The task itself goes on.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative, or above <see cref="int.MaxValue"/> milliseconds.</exception>
    public T Result(TimeSpan timeout)
    {
        if (timeout != Timeout.InfiniteTimeSpan && (timeout < TimeSpan.Zero || timeout.TotalMilliseconds > int.MaxValue))
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "The timeout must be from 0 to int.MaxValue milliseconds, or Timeout.InfiniteTimeSpan.");
        if (!IsCompleted && !Wait(timeout, CancellationToken.None))
            throw new TimeoutException($"The task did not end within {timeout}; it is {Status} and goes on. Cancel() it if nobody needs it any more.");
        return GetResultOfCompleted();
    }

    /// <inheritdoc cref="Result()"/>
    /// <param name="cancellationToken">Ends the wait; the task itself goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired first, or the future was cancelled.</exception>
    public T Result(CancellationToken cancellationToken)
    {
        if (!IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Wait(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        return GetResultOfCompleted();
    }

    /// <summary>Makes the future awaitable, any number of times; goes on in the captured context as <see cref="Task"/> does.</summary>
    /// <returns>The awaiter.</returns>
    public TinyFutureAwaiter<T> GetAwaiter() => new(this, continueOnCapturedContext: true);

    /// <summary>Configures an await of this future.</summary>
    /// <param name="continueOnCapturedContext">Whether to go on in the captured context, as for <see cref="Task"/>.</param>
    /// <returns>What to await.</returns>
    public TinyFutureAwaitable<T> ConfigureAwait(bool continueOnCapturedContext) => new(this, continueOnCapturedContext);

    /// <summary>A task that ends as this future does. Each call makes a new one; cancelling the future cancels it.</summary>
    /// <remarks>A worker that blocks on the task of an unfinished future of its own troupe is not told so, as it is by
    /// <see cref="Result()"/> and <c>await</c>: it may wait for ever.</remarks>
    /// <returns>The task.</returns>
    public Task<T> AsTask()
    {
        if (IsSuccess) return Task.FromResult(_value!);
        var bridge = new TaskBridge<T>(this);
        AddContinuation(bridge);
        return bridge.Task;
    }

    /// <summary>
    /// Cancels the task if it has not started; asks it to stop, through the token that its worker was given, if it runs.
    /// A running task that does not obey within <see cref="TinyTroupeOptions.CancellationGrace"/> loses its worker. Never blocks and
    /// never runs user code on this thread. Cancelling a dependent leaves its input alone.
    /// </summary>
    /// <returns>True if this call cancelled it or asked a running task to stop; false if it had ended or was asked before.</returns>
    public bool Cancel() => CancelCore();

    /// <summary>Calls back exactly once when the future has ended, at once if it has, always on the shared thread pool.</summary>
    /// <remarks>An exception of the callback disturbs nobody: it is logged by the troupe's logger, or else raised through
    /// <see cref="TaskScheduler.UnobservedTaskException"/>. The caller's <see cref="ExecutionContext"/> flows into it.</remarks>
    /// <param name="callback">What to call with this future.</param>
    /// <exception cref="ArgumentNullException">The callback is null.</exception>
    public void OnCompleted(Action<TinyFuture<T>> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        AddContinuation(new CallbackContinuation<T>(this, callback));
    }

    /// <summary>A light step between two troupes: applies a function to the result, on the shared thread pool.</summary>
    /// <remarks>A failed or cancelled future hands its own exception on, and the function never runs. Cancelling the step leaves
    /// this future alone. The caller's <see cref="ExecutionContext"/> flows into the function.</remarks>
    /// <typeparam name="TNext">The type of the function's result.</typeparam>
    /// <param name="function">The step: quick, and not blocking.</param>
    /// <returns>The future of the function's result.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public TinyFuture<TNext> Then<TNext>(Func<T, TNext> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var next = new ThenFuture<T, TNext>(this, function);
        AddContinuation(next);
        return next;
    }

    /// <summary>The state in words, for logs and debuggers: <c>TinyFuture&lt;Int32&gt; (Succeeded: 42)</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var status = Status;
        var detail = status switch
        {
            TinyFutureStatus.Succeeded => $": {Told(_value, static value => value?.ToString()) ?? "null"}",
            TinyFutureStatus.Faulted => $": {Exception!.GetType().Name}: {Told(Exception, static exception => exception.Message)}",
            TinyFutureStatus.Running when Volatile.Read(ref _state) == StopRequested => ", asked to stop",
            _ => "",
        };
        return $"TinyFuture<{typeof(T).Name}> ({status}{detail})";
    }

    // The user's code: it may throw, and a log or a debugger wants a text all the same.
    private static string? Told<TOf>(TOf of, Func<TOf, string?> text)
    {
        try
        {
            return text(of);
        }
        catch (Exception e)
        {
            return $"(its text could not be had: {e.GetType().Name})";
        }
    }

    /// <summary>The troupe to whose logger a callback's exception goes, if any.</summary>
    internal virtual ITroupeCore? OwnTroupe => null;

    IWatchable? IWatchable.Input => Input;

    private protected virtual IWatchable? Input => null;

    ITroupeCore? IWatchable.WorkedBy => WorkedBy;

    private protected virtual ITroupeCore? WorkedBy => null;

    void IWatchable.AddContinuation(IContinuation continuation) => AddContinuation(continuation);

    void IWatchable.ForgetContinuation(IContinuation continuation) => ForgetContinuation(continuation);

    private protected virtual bool CancelCore() =>
        TryEnd(Failure.Cancellation("The future was cancelled by Cancel()."));

    internal bool WouldStarve => SelfWait.IsThreatenedBy(this);

    internal T GetResultOfCompleted()
    {
        Debug.Assert(IsCompleted, "only a completed future has a result");
        FailureOrNull?.Throw();
        return _value!;
    }

    internal void AddContinuation(IContinuation continuation)
    {
        if (!TryAddContinuation(continuation)) Completions.Run(continuation);
    }

    /// <summary>False if the future has completed: the continuation will not be called then.</summary>
    internal bool TryAddContinuation(IContinuation continuation)
    {
        Schedule.Point();
        var seen = Volatile.Read(ref _continuationsOrEnd);
        while (true)
        {
            if (IsEnd(seen)) return false;
            if (seen is ContinuationList list) return list.TryAdd(continuation);
            object next = seen is IContinuation first ? MakeList(first, continuation) : continuation;
            var before = Interlocked.CompareExchange(ref _continuationsOrEnd, next, seen);
            if (ReferenceEquals(before, seen)) return true;
            seen = before;
        }

        static ContinuationList MakeList(IContinuation first, IContinuation second)
        {
            var list = new ContinuationList(first);
            list.TryAdd(second);
            return list;
        }
    }

    /// <summary>The continuation, which says so by <see cref="IContinuation.IsAbandoned"/>, is no longer to be held.</summary>
    internal void ForgetContinuation(IContinuation continuation)
    {
        Schedule.Point();
        var seen = Interlocked.CompareExchange(ref _continuationsOrEnd, null, continuation);
        if (seen is ContinuationList list) list.OneWasAbandoned();
    }

    /// <summary>Ends a future that is still pending with a result. False if it was no longer pending.</summary>
    private protected bool TryEnd(T value)
    {
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return false;
        PublishValue(value);
        return true;
    }

    /// <summary>Ends a future that is still pending without a result. False if it was no longer pending.</summary>
    private protected bool TryEnd(Failure failure)
    {
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return false;
        PublishFailure(failure);
        return true;
    }

    private protected bool TryMove(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;

    /// <summary>For the owner of Completing only.</summary>
    private protected void PublishValue(T value)
    {
        _value = value;
        Publish(Success);
    }

    /// <summary>For the owner of Completing only.</summary>
    private protected void PublishFailure(Failure failure) => Publish(failure);

    private void Publish(object end)
    {
        Debug.Assert(Volatile.Read(ref _state) == Completing, "only the owner of Completing publishes");
        Schedule.Point();
        var continuations = Interlocked.Exchange(ref _continuationsOrEnd, end);
        Debug.Assert(!IsEnd(continuations), "a future ends once");
        if (continuations is not null) Completions.Run(continuations);
    }

    private static bool IsEnd(object? continuationsOrEnd) => continuationsOrEnd == Success || continuationsOrEnd is Failure;

    private bool Wait(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (WouldStarve) throw SelfWait.Refusal();
        return Blocking.Wait(this, timeout, cancellationToken);
    }

    /// <summary>Tells of a callback's exception: to the troupe's logger, or, for a future without one, to whoever watches for unobserved ones.</summary>
    internal void ReportCallbackFault(Exception exception)
    {
        if (OwnTroupe is { } troupe) Log.CallbackFaulted(troupe.Logger, troupe.Name, exception);
        else _ = Task.FromException(exception);
    }
}
