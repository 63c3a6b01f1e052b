using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker;

/// <summary>
/// The result of a task that may not have ended yet. A future can be awaited, blocked on, cancelled, or given unfinished to another troupe.
/// </summary>
/// <remarks>
/// Thread-safe throughout: any number of threads may await it, block on it, cancel it and register callbacks on it at the same time.
/// Awaiters run in the context that they captured or on the shared thread pool, callbacks on the pool; neither runs on the thread that
/// completes the future.
/// A fault at which nobody looks is logged by the troupe, as a warning, when the future is collected or the troupe has ended, and is raised
/// through <see cref="TaskScheduler.UnobservedTaskException"/> when the future is collected. To wait for the end of the future is a look,
/// and so are <see cref="Exception"/>, a callback, and a dependent that takes the fault over. <see cref="Status"/> is not.
/// The idea of a future that the next pool accepts unfinished comes from the Python library tiny-worker.
/// </remarks>
/// <typeparam name="T">The type of the result.</typeparam>
[DebuggerDisplay("{DebuggerText,nq}")]
public abstract class TinyFuture<T> : IFutureNode
{
    // The states, and how a future goes from one to the next. Each arrow is one compare-and-swap on _state, so it has one winner:
    //
    //   Pending --> Running --> Completing --> completed: succeeded, faulted or cancelled
    //      \          |  ^          ^
    //       \         v  | (by Cancel or a deadline; the worker goes on until it obeys or is abandoned)
    //        \     StopRequested ---+
    //         \---------------------+   (cancelled while waiting, failed input, or completed by a TinyFutureSource)
    //
    // Between Pending and Running a task may be Prefetched: it was sent ahead to a worker process that still runs another task,
    // and only that process knows whether the task has begun. Such a task still waits, but only its worker's loop moves it on: to
    // Running, back to Pending when the worker returns it, or to Completing. Cancel makes it PrefetchedUnwanted and asks for its return; its
    // deadline makes it PrefetchedLate. A recall makes it PrefetchedRecalled: one that has begun goes on, as if nobody had asked.
    //
    // The thread that enters Completing owns the future alone. It writes _value, and then completes the future by one exchange, which
    // puts the end (Success, or the Failure) in the place of the continuations and takes them out. A continuation is added by a
    // compare-and-swap for what was there, unless that is an end. So the completer sees the continuation, or TryAddContinuation sees the
    // end: no continuation is lost, and none runs twice. The end shares a field with the continuations also to make the future smaller.
    private protected const int Pending = 0;
    private protected const int Prefetched = 1;
    private protected const int PrefetchedRecalled = 2;
    private protected const int PrefetchedUnwanted = 3;
    private protected const int PrefetchedLate = 4;
    private protected const int Running = 5;
    private protected const int StopRequested = 6;
    private protected const int Completing = 7;   // the last state: completed futures stay in it

    private static readonly object Success = new();

    private protected int _state;
    private T? _value;                   // set once, in Completing, if the future succeeds
    private object? _continuationsOrEnd; // null, one IContinuation, or a ContinuationList; once completed: Success or a Failure

    private protected TinyFuture()
    {
    }

    /// <summary>How far the future has come. Never blocks. To read it is no look at a fault.</summary>
    public TinyFutureStatus Status => Volatile.Read(ref _continuationsOrEnd) switch
    {
        Failure { IsCancellation: true } => TinyFutureStatus.Canceled,
        Failure => TinyFutureStatus.Faulted,
        var end when end == Success => TinyFutureStatus.Succeeded,
        _ => IsInAWorker ? TinyFutureStatus.Running : TinyFutureStatus.Pending,
    };

    /// <summary>Whether it has ended: succeeded, faulted or cancelled. Never blocks.</summary>
    public bool IsCompleted => IsEnd(Volatile.Read(ref _continuationsOrEnd));

    /// <summary>The exception of a faulted future; null unless <see cref="Status"/> is <see cref="TinyFutureStatus.Faulted"/>. To
    /// read it is a look at the fault.</summary>
    public Exception? Exception => FailureOrNull is { IsCancellation: false } failure ? failure.Exception : null;

    internal bool HasContinuations => Volatile.Read(ref _continuationsOrEnd) is not null;

    internal bool IsSuccess => Volatile.Read(ref _continuationsOrEnd) == Success;

    /// <summary>Why it failed. Null if it succeeded, or has not ended. Whoever asks has looked at a fault.</summary>
    internal Failure? FailureOrNull
    {
        get
        {
            var failure = PeekedFailure;
            failure?.Look();
            return failure;
        }
    }

    /// <summary>As <see cref="FailureOrNull"/>, but it is no look.</summary>
    internal Failure? PeekedFailure => Volatile.Read(ref _continuationsOrEnd) as Failure;

    /// <summary>The result. To be read only from a future that has succeeded.</summary>
    internal T Value => _value!;

    /// <summary>Blocks until the future has ended and returns its result.</summary>
    /// <remarks>Needs no thread of the shared pool. Spins for a few microseconds before the thread sleeps.</remarks>
    /// <returns>The result.</returns>
    /// <exception cref="OperationCanceledException">The future was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It is unfinished, and the caller runs inside a worker of the same troupe.</exception>
    /// <exception cref="System.Exception">The task's own exception, as it was thrown, with no <see cref="AggregateException"/> around
    /// it.</exception>
    public T Result()
    {
        var ended = this;   // one place that throws: the stack trace is the same whether it has ended before or not
        if (!IsCompleted) TryWait(Timeout.InfiniteTimeSpan, CancellationToken.None, out ended);
        return ended.GetResultOfCompleted();
    }

    /// <inheritdoc cref="Result()"/>
    /// <param name="timeout">How long to wait at the most; <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.</param>
    /// <exception cref="TimeoutException">The future did not end in time. The task itself goes on.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative, or above <see cref="int.MaxValue"/> milliseconds.</exception>
    public T Result(TimeSpan timeout)
    {
        CheckTimeout(timeout);
        var ended = this;
        if (!IsCompleted && !TryWait(timeout, CancellationToken.None, out ended)) throw PassedTimeout(timeout);
        return ended.GetResultOfCompleted();
    }

    /// <inheritdoc cref="Result()"/>
    /// <param name="cancellationToken">Ends the wait; the task itself goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired first, or the future was cancelled.</exception>
    public T Result(CancellationToken cancellationToken)
    {
        var ended = this;
        if (!IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TryWait(Timeout.InfiniteTimeSpan, cancellationToken, out ended);
        }

        return ended.GetResultOfCompleted();
    }

    /// <summary>Makes the future awaitable, any number of times. As with <see cref="Task"/>, the awaiter goes on in the captured
    /// context.</summary>
    /// <returns>The awaiter.</returns>
    public TinyFutureAwaiter<T> GetAwaiter() => new(this, continueOnCapturedContext: true);

    /// <summary>Configures an await of this future.</summary>
    /// <param name="continueOnCapturedContext">Whether to go on in the captured context, as for <see cref="Task"/>.</param>
    /// <returns>What to await.</returns>
    public TinyFutureAwaitable<T> ConfigureAwait(bool continueOnCapturedContext) => new(this, continueOnCapturedContext);

    /// <summary>A task that ends as this future does. Each call makes a new one; cancelling the future cancels it.</summary>
    /// <remarks>A worker must not block on the task of an unfinished future of its own troupe: it may wait for ever. Unlike
    /// <see cref="Result()"/> and <c>await</c>, the task cannot detect that and throw.</remarks>
    /// <returns>The task.</returns>
    public Task<T> AsTask()
    {
        if (IsSuccess) return Task.FromResult(_value!);
        var bridge = new TaskBridge<T>(this);
        if (TryAddContinuation(bridge)) return bridge.Task;
        _ = FailureOrNull;   // the task takes a fault over
        bridge.Execute();
        return bridge.Task;
    }

    /// <summary>
    /// A task that ends as this future does, or earlier, when the wait has lasted too long. The end of the wait leaves the task of this
    /// future alone, and nothing behind: neither a timer nor a registration.
    /// </summary>
    /// <param name="timeout">How long to wait at the most; <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The task. It faults with <see cref="TimeoutException"/> if the future did not end in time, and with
    /// <see cref="InvalidOperationException"/> if the future is unfinished and the caller runs inside a worker of the same troupe. It is
    /// cancelled if the token fires first, or the future is cancelled.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative, or above <see cref="int.MaxValue"/> milliseconds.</exception>
    public Task<T> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        CheckTimeout(timeout);
        if (IsCompleted) return AsTask();
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        var awaited = ForWaiting();
        if (awaited.IsCompleted) return awaited.AsTask();
        if (timeout != TimeSpan.Zero) return new TimedWait<T>(awaited, timeout).Start(cancellationToken);
        if (awaited != this) awaited.Cancel();   // it is for this wait alone
        return Task.FromException<T>(PassedTimeout(timeout));
    }

    /// <summary>
    /// Cancels the task if it has not started. If it runs, asks it to stop, through the token that its worker got. If a running task does
    /// not stop within <see cref="TinyTroupeOptions.CancellationGrace"/>, its worker is abandoned. Never blocks, and never runs user code
    /// on this thread. Cancelling a dependent leaves its input alone.
    /// </summary>
    /// <returns>True if this call cancelled it or asked a running task to stop; false if it had ended or was asked before.</returns>
    public bool Cancel() => CancelCore();

    /// <summary>Calls back exactly once when the future has ended, at once if it has, always on the shared thread pool.</summary>
    /// <remarks>An exception of the callback goes to the troupe's logger; if the future has no troupe, it is raised through
    /// <see cref="TaskScheduler.UnobservedTaskException"/>. The caller's <see cref="ExecutionContext"/> flows into the callback.</remarks>
    /// <param name="callback">What to call with this future.</param>
    /// <exception cref="ArgumentNullException">The callback is null.</exception>
    public void OnCompleted(Action<TinyFuture<T>> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        AddContinuation(new CallbackContinuation<T>(this, callback));
    }

    /// <summary>A light step between two troupes: applies a function to the result, on the shared thread pool.</summary>
    /// <remarks>If this future fails or is cancelled, so is the step, with the same exception, and the function never runs. Cancelling
    /// the step leaves this future alone. The caller's <see cref="ExecutionContext"/> flows into the function.</remarks>
    /// <typeparam name="TNext">The type of the function's result.</typeparam>
    /// <param name="function">The step. It should be quick and not block.</param>
    /// <returns>The future of the function's result.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public TinyFuture<TNext> Then<TNext>(Func<T, TNext> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Step(function);
    }

    /// <summary>A light step whose function is asynchronous: the step ends as the task does that the function returns.</summary>
    /// <remarks>
    /// The function is called as that of <see cref="Then{TNext}(Func{T, TNext})"/>; a task that is null stands for a result that is
    /// default. The step faults with the task's own exception, and is cancelled if the task is. Cancelling the step leaves this future
    /// and the task alone.
    /// </remarks>
    /// <typeparam name="TNext">The type of the task's result.</typeparam>
    /// <param name="function">The step. It should not block.</param>
    /// <returns>The future of the task's result.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    [OverloadResolutionPriority(2)]
    public TinyFuture<TNext> Then<TNext>(Func<T, Task<TNext>?> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new UnwrappedFuture<TNext>(Step(value => function(value) is { } task ? TinyFuture.FromTask(task) : null)).Start();
    }

    /// <summary>A light step whose function submits, for instance: the step ends as the future does that the function returns.</summary>
    /// <remarks>
    /// The function is called as that of <see cref="Then{TNext}(Func{T, TNext})"/>; a future that is null stands for a result that is
    /// default. The step fails with the future's own exception. Cancelling the step leaves this future and the other alone.
    /// </remarks>
    /// <typeparam name="TNext">The type of the future's result.</typeparam>
    /// <param name="function">The step. It should be quick and not block.</param>
    /// <returns>The future of the future's result.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    [OverloadResolutionPriority(1)]
    public TinyFuture<TNext> Then<TNext>(Func<T, TinyFuture<TNext>?> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new UnwrappedFuture<TNext>(Step(function)).Start();
    }

    /// <summary>A value in the place of a fault: applies a function to the exception, on the shared thread pool.</summary>
    /// <remarks>If this future succeeds or is cancelled, so is the step, and the function never runs. If the function throws, its exception
    /// is the fault of the step. Cancelling the step leaves this future alone. The caller's <see cref="ExecutionContext"/> flows into the
    /// function. The step counts as a look at the fault of this future.</remarks>
    /// <param name="function">What makes the value; it should be quick and not block.</param>
    /// <returns>The future of the result, or of the value in its place.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    public TinyFuture<T> Recover(Func<Exception, T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new RecoverFuture<T>(this, function).Start();
    }

    private StepFuture<T, TNext> Step<TNext>(Func<T, TNext> function) => new ThenFuture<T, TNext>(this, function).Start();

    /// <summary>The state in words, for logs and debuggers: <c>TinyFuture&lt;Int32&gt; (Succeeded: 42)</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var status = Status;
        var detail = status switch
        {
            TinyFutureStatus.Succeeded => $": {NestedText.Of(_value, static value => value?.ToString()) ?? "null"}",
            TinyFutureStatus.Faulted => $": {Described(PeekedFailure!.Exception)}",
            TinyFutureStatus.Running when Volatile.Read(ref _state) == StopRequested => ", asked to stop",
            _ => "",
        };
        return $"TinyFuture<{typeof(T).Name}> ({status}{detail})";
    }

    private static string Described(Exception exception) =>
        $"{exception.GetType().Name}: {NestedText.Of(exception, static exception => exception.Message)}";

    // As ToString, without the user's code: that might take a lock while the debugger has stopped every other thread.
    private string DebuggerText => $"TinyFuture<{typeof(T).Name}> ({Status})";

    /// <summary>The troupe whose logger gets the exceptions of callbacks, if any.</summary>
    internal virtual IFutureOwner? OwnTroupe => null;

    /// <summary>The troupe that logs the fault of this future if nobody looks at it, if any.</summary>
    private protected virtual IFutureOwner? FaultOwner => OwnTroupe;

    Failure? IFutureNode.PeekedFailure => PeekedFailure;

    IFutureOwner? IFutureNode.FaultOwner => FaultOwner;

    IFutureNode? IFutureNode.Input => Input;

    private protected virtual IFutureNode? Input => null;

    /// <summary>Whether it runs; asked only of a future that has not ended.</summary>
    private protected virtual bool IsInAWorker => Volatile.Read(ref _state) >= Running;

    IFutureOwner? IFutureNode.WorkedBy => WorkedBy;

    private protected virtual IFutureOwner? WorkedBy => null;

    void IFutureNode.AddContinuation(IContinuation continuation) => AddContinuation(continuation);

    void IFutureNode.ForgetContinuation(IContinuation continuation) => ForgetContinuation(continuation);

    /// <summary>Cancels as <see cref="Cancel"/> does, for a caller that waits for the code of the task however long it takes: a running
    /// task ends when its code does, and no worker is given up for it. (A worker process is killed after the grace.)</summary>
    internal virtual bool CancelWithoutGrace() => CancelCore();

    /// <summary>Cancels the task if it waits for a worker, and else lets it go on. One that waits has ended when this returns; one that was
    /// sent ahead to a worker process ends when that has given it back, or goes on.</summary>
    /// <returns>Whether it waited. Whether it ended by this, <see cref="WasRecalled"/> tells.</returns>
    internal virtual bool Recall() => false;

    /// <summary>Whether it was cancelled by <see cref="Recall"/>.</summary>
    internal bool WasRecalled => FailureOrNull is { Exception: RecalledException };

    private protected virtual bool CancelCore() =>
        TryEnd(CancelledByCancel());

    private protected static Failure CancelledByCancel() => Failure.Cancellation("The future was cancelled by Cancel().");

    /// <summary>Before an await suspends: looks out for the end for some ten microseconds at the most, if that is likely to help. Whether it
    /// has ended.</summary>
    internal virtual bool LookOut() => false;

    /// <summary>Whether a wait for this future, here, might starve the troupe for ever.</summary>
    internal bool WouldStarve => SelfWait.IsThreatenedBy(this);

    internal T GetResultOfCompleted()
    {
        Debug.Assert(IsCompleted, "only a completed future has a result");
        FailureOrNull?.Throw();
        return _value!;
    }

    internal void AddContinuation(IContinuation continuation)
    {
        if (TryAddContinuation(continuation)) return;
        Completions.Run(PeekedFailure is { IsFault: true } fault ? new FaultNotice(fault, continuation, FaultOwner) : continuation);
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

    /// <summary>Removes a continuation that nobody needs any more. It must say so by <see cref="IContinuation.IsAbandoned"/>.</summary>
    internal void ForgetContinuation(IContinuation continuation)
    {
        Schedule.Point();
        var seen = Interlocked.CompareExchange(ref _continuationsOrEnd, null, continuation);
        if (seen is ContinuationList list) list.NoteAbandoned();
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
        if (Publish(Success) is { } continuations) Completions.Run(continuations);
    }

    /// <summary>For the owner of Completing only.</summary>
    private protected void PublishFailure(Failure failure)
    {
        failure = failure.ForOneFuture();
        if (Publish(failure) is not { } continuations) failure.NoteUnobserved(FaultOwner);
        else Completions.Run(failure.IsFault ? new FaultNotice(failure, continuations, FaultOwner) : continuations);
    }

    private object? Publish(object end)
    {
        Debug.Assert(Volatile.Read(ref _state) == Completing, "only the owner of Completing publishes");
        Schedule.Point();
        var continuations = Interlocked.Exchange(ref _continuationsOrEnd, end);
        Debug.Assert(!IsEnd(continuations), "a future ends once");
        return continuations;
    }

    private static bool IsEnd(object? continuationsOrEnd) => continuationsOrEnd == Success || continuationsOrEnd is Failure;

    /// <summary>
    /// What a wait waits for that begins here: this future, unless the wait might starve the caller's own troupe. Then it is a future that
    /// has faulted with the refusal, or will as soon as it is known.
    /// </summary>
    /// <param name="looks">Whether the wait takes over a fault of this future.</param>
    internal TinyFuture<T> ForWaiting(bool looks = true)
    {
        if (IsCompleted || WorkerScope.Troupe is not { } troupe) return this;
        if (SelfWait.IsThreatenedBy(this, troupe, out var openSteps)) return TinyFuture.FromException<T>(SelfWait.Refusal(troupe));
        return openSteps is null ? this : new GuardedWait<T>(this, troupe, looks).Start(openSteps);
    }

    internal TimeoutException PassedTimeout(TimeSpan timeout) => new(
        $"The task did not end within {timeout}; it is {Status} and goes on. Call Cancel() if nobody needs its result any more.");

    private static void CheckTimeout(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan || (timeout >= TimeSpan.Zero && timeout.TotalMilliseconds <= int.MaxValue)) return;
        throw new ArgumentOutOfRangeException(
            nameof(timeout), timeout, "The timeout must be from 0 to int.MaxValue milliseconds, or Timeout.InfiniteTimeSpan.");
    }

    /// <param name="timeout">How long to wait at the most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="ended">The future that has the result.</param>
    /// <returns>False if the timeout passed first.</returns>
    private bool TryWait(TimeSpan timeout, CancellationToken cancellationToken, out TinyFuture<T> ended)
    {
        ended = ForWaiting();
        try
        {
            return Blocking.Wait(ended, timeout, cancellationToken);
        }
        finally
        {
            if (ended != this) ended.Cancel();   // it is for this wait alone: if it has not ended, it leaves nothing behind
        }
    }

    /// <summary>Reports a callback's exception: to the troupe's logger, or, without a troupe, as an unobserved exception.</summary>
    internal void ReportCallbackFault(Exception exception)
    {
        if (OwnTroupe is { } troupe) Log.CallbackFaulted(troupe.Logger, troupe.Name, exception);
        else _ = Task.FromException(exception);
    }
}
