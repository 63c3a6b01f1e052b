using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tests.Schedules;

/// <summary>A troupe whose tasks add one to a number, with a ledger of the tasks that it has accepted.</summary>
/// <remarks>The ledger needs no lock: one thread runs at a time, and it stops in here only at the points of the core.</remarks>
internal sealed class LedgerTroupe(ProgramRun run, string name, bool cannotStart, Action<int>? inside, Func<int, Task>? before)
{
    /// <summary>A task with this number, or a higher one, runs until it is asked to stop. A task with a negative number faults.</summary>
    public const int UntilCancelled = 1000;

    /// <summary>A task with this number, or a higher one, runs until <see cref="Release"/> and ignores its token.</summary>
    public const int Hung = 2000;

    private readonly List<Entry> _entries = [];
    private readonly List<int> _started = [];   // the numbers of all calls, in order
    private TinyTroupe<int, int>? _troupe;
    private bool _isReleased;
    private bool _mayCancel;                    // a task was cancelled, or the troupe was aborted
    private bool _mayRefuse;                    // the troupe is stopping or stopped
    private int _deadlines;                     // submissions with a deadline: at the gate each may pass the bound to end at once
    private int _made;
    private int _disposed;

    public string Name => name;

    public TinyTroupe<int, int> Troupe => _troupe!;

    public IReadOnlyList<int> Started => _started;

    public void Start(TinyTroupeOptions options) => _troupe = new TinyTroupe<int, int>(Make, options);

    /// <summary>Null if the task was not accepted: the troupe is stopped, or the wait was cancelled.</summary>
    public TinyFuture<int>? Submit(int input, CancellationToken cancellationToken = default) =>
        Accept(() => Troupe.Submit(input, cancellationToken), input, null, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
        Accept(() => Troupe.Submit(input, cancellationToken), 0, input, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? Submit(int input, TimeSpan deadline, CancellationToken cancellationToken = default) =>
        Accept(() => Troupe.Submit(input, Until(deadline), cancellationToken), input, null, cancellationToken, deadline);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? Submit(TinyFuture<int> input, TimeSpan deadline) =>
        Accept(() => Troupe.Submit(input, Until(deadline)), 0, input, CancellationToken.None, deadline);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? SubmitAsync(int input, CancellationToken cancellationToken = default) =>
        Accept(() => Awaited(Troupe.SubmitAsync(input, cancellationToken).AsTask()), input, null, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? SubmitAsync(int input, TimeSpan deadline, CancellationToken cancellationToken = default) => Accept(
        () => Awaited(Troupe.SubmitAsync(input, Until(deadline), cancellationToken).AsTask()), input, null, cancellationToken, deadline);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
        Accept(() => Awaited(Troupe.SubmitAsync(input, cancellationToken).AsTask()), 0, input, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? Submit(int input, SubmitOptions options) =>
        Accept(() => Troupe.Submit(input, options), input, null, CancellationToken.None);

    /// <summary>None if the troupe is stopped.</summary>
    public IReadOnlyList<TinyFuture<int>> SubmitToEach(int input)
    {
        IReadOnlyList<TinyFuture<int>> futures = [];
        var first = Accept(
            () => (futures = Troupe.SubmitToEach(input)) is [var future, ..] ? future : null, input, null, CancellationToken.None);
        foreach (var other in futures)
            if (other != first) Accept(() => other, input, null, CancellationToken.None);
        return futures;
    }

    /// <summary>Null if the task was not accepted.</summary>
    public TinyFuture<int>? TrySubmit(int input) =>
        Accept(() => Troupe.TrySubmit(input, out var future) ? future : null, input, null, CancellationToken.None);

    public bool Cancel(TinyFuture<int>? future)
    {
        _mayCancel = true;
        return future is not null && future.Cancel();
    }

    public bool Recall(TinyFuture<int>? future)
    {
        _mayCancel = true;
        return future is not null && future.Recall();
    }

    /// <summary>A worker that leaves for good before it was made cancels the tasks that were for it alone.</summary>
    public void Resize(int workers, bool mayCancel = false)
    {
        _mayCancel |= mayCancel;
        Troupe.Resize(workers);
    }

    /// <summary>Somebody cancels a task in another way than <see cref="Cancel"/>.</summary>
    public void MayCancel() => _mayCancel = true;

    /// <summary>Asks for another worker at a place.</summary>
    public bool Recycle(int place) => ((ITroupeControl)Troupe).RecycleWorker(place);

    public void Abort()
    {
        _mayCancel = _mayRefuse = true;
        Troupe.Abort();
    }

    public void Dispose()
    {
        _mayRefuse = true;
        Troupe.Dispose();
        Require(_entries.TrueForAll(entry => entry.Future.IsCompleted), "Dispose returned before every task had ended");
        if (Troupe.Inside.Loops.Abandoned > 0) return;   // abandoned workers are disposed when their threads come back
        Require(_made == _disposed, "Dispose returned before every worker was disposed");
    }

    public void Release() => _isReleased = true;

    /// <summary>Checks the ledger. Called when every thread has ended.</summary>
    public void Check()
    {
        foreach (var entry in _entries) Check(entry);
        foreach (var number in _started.Distinct())
        {
            var entries = _entries.Where(entry => entry.Number == number).ToList();
            var calls = _started.Count(started => started == number);
            var attempts = number < 0 ? Troupe.Inside.Core.Settings.MaxAttempts : 1;
            var mayStart = entries.Count(entry => !entry.SaysThatItNeverStarted);
            Require(
                calls <= mayStart * attempts,
                $"{number} was worked on {calls} times, and accepted {entries.Count} times; {mayStart} of them do not say that they " +
                "never started");
            // A task that was asked to stop, or whose deadline has passed, is not run again.
            Require(
                calls >= entries.Count(IsDoneByAWorker) * (_mayCancel || _deadlines > 0 ? 1 : attempts),
                $"{number} has a result that no worker made");
        }

        var end = Troupe.Snapshot();
        Require(end.Accepted == _entries.Count, $"{_entries.Count} tasks were accepted, and the snapshot says {end}");
        Require(end.Succeeded == Count(TinyFutureStatus.Succeeded) && end.Faulted == Count(TinyFutureStatus.Faulted)
            && end.Canceled == Count(TinyFutureStatus.Canceled), $"the snapshot counts other outcomes than the ledger: {end}");
        Require(end is { Waiting: 0, Running: 0 }, $"tasks are left: {end}");
        Require(
            end.Abandoned <= _entries.Count(entry => entry.Number >= UntilCancelled),
            $"a worker was abandoned although its task had returned: {end}");
        Require(_made == _disposed, $"{_made} workers were made and {_disposed} disposed");

        int Count(TinyFutureStatus status) => _entries.Count(entry => entry.Future.Status == status);
    }

    private void Check(Entry entry)
    {
        var (future, source) = (entry.Future, entry.Source);
        Require(future.IsCompleted, $"{entry} has not ended");
        Require(
            entry.Notifications == (entry.IsWatched ? 1 : 0),
            $"{entry} has notified its continuation {entry.Notifications} times");
        switch (future.Status)
        {
            case TinyFutureStatus.Succeeded:
                Require(entry.Number is >= 0 and (< UntilCancelled or >= Hung), $"{entry} cannot have succeeded");
                Require(future.Result() == entry.Number + 1, $"{entry} has the result of another task");
                break;
            case TinyFutureStatus.Faulted when source?.Status == TinyFutureStatus.Faulted:
                Require(
                    future.Exception == source.Exception || (future.Exception is WorkerStartException && cannotStart),
                    $"{entry} has another fault than its input");
                break;
            case TinyFutureStatus.Faulted:
                Require(
                    future.Exception switch
                    {
                        ArithmeticException => entry.Number < 0,
                        TimeoutException => Troupe.Inside.Core.Settings.TaskTimeout is not null || entry.HasDeadline,
                        WorkerStartException => cannotStart,
                        _ => false,
                    },
                    $"{entry} has a fault that nothing can have caused: {future.Exception}");
                break;
            case TinyFutureStatus.Canceled:
                Require(_mayCancel || source?.Status == TinyFutureStatus.Canceled, $"{entry} is canceled, and nothing cancelled it");
                break;
        }
    }

    private static bool IsDoneByAWorker(Entry entry) =>
        entry.Future.Status == TinyFutureStatus.Succeeded || entry is { Source: null, Future.Exception: ArithmeticException };

    private void Require(bool condition, string otherwise)
    {
        if (!condition) throw new AssertionException($"{name}: {otherwise}.");
    }

    private TinyFuture<int>? Accept(
        Func<TinyFuture<int>?> submit, int input, TinyFuture<int>? source, CancellationToken cancellationToken, TimeSpan? deadline = null)
    {
        _mayCancel |= cancellationToken.CanBeCanceled;
        if (deadline is not null) _deadlines++;
        try
        {
            if (submit() is not { } future) return null;
            var entry = new Entry(future, input, source, isWatched: run.Random.Next(2) == 0, hasDeadline: deadline is not null);
            _entries.Add(entry);
            if (entry.IsWatched) future.AddContinuation(entry);
            return future;
        }
        catch (ObjectDisposedException) when (_mayRefuse)
        {
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static SubmitOptions Until(TimeSpan deadline) => new() { Deadline = deadline };

    private static TinyFuture<int> Awaited(Task<TinyFuture<int>> task)
    {
        Scheduler.Until(() => task.IsCompleted, "a place at the gate");
        return task.GetAwaiter().GetResult();
    }

    private ITinyWorker<int, int> Make(WorkerInfo info)
    {
        Schedule.Point();   // other threads may run meanwhile
        if (cannotStart && info.Index == 0) throw new NotSupportedException("cannot start");
        _made++;
        return before is null ? new Worker(this) : new AsyncWorker(this, before);
    }

    private int Call(int number, CancellationToken cancellationToken)
    {
        _started.Add(number);
        inside?.Invoke(number);
        Schedule.Point();   // other threads may run meanwhile
        if (inside is null)
            Require(Troupe.Inside.Core.Gate.Read().Waiting <= Troupe.Capacity + _deadlines, "more tasks wait than the capacity allows");
        if (number < 0) throw new ArithmeticException($"{number} is negative.");
        if (number >= Hung) Scheduler.Until(() => _isReleased, "the release of the hung task");
        else if (number >= UntilCancelled)
        {
            Scheduler.Until(() => cancellationToken.IsCancellationRequested, "the cancellation of the token");
            cancellationToken.ThrowIfCancellationRequested();
        }

        return number + 1;
    }

    private sealed class Worker(LedgerTroupe ledger) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => ledger.Call(input, cancellationToken);

        public void Dispose() => ledger._disposed++;
    }

    private sealed class AsyncWorker(LedgerTroupe ledger, Func<int, Task> before) : TinyAsyncWorker<int, int>, IDisposable
    {
        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            await before(input);
            return ledger.Call(input, cancellationToken);
        }

        public void Dispose() => ledger._disposed++;
    }

    private sealed class Entry(TinyFuture<int> future, int input, TinyFuture<int>? source, bool isWatched, bool hasDeadline) : IContinuation
    {
        public TinyFuture<int> Future => future;

        public TinyFuture<int>? Source => source;

        /// <summary>The input of the call; null if the source has not succeeded.</summary>
        public int? Number => source is null ? input : source.Status == TinyFutureStatus.Succeeded ? source.Result() : null;

        public bool IsWatched => isWatched;

        public bool HasDeadline => hasDeadline;

        public bool SaysThatItNeverStarted =>
            future.WasRecalled
            || (future.Status == TinyFutureStatus.Faulted
                && future.Exception!.Message.Contains("never started", StringComparison.Ordinal));

        public int Notifications { get; private set; }

        public bool IsAbandoned => false;

        public bool OnSourceCompleted()
        {
            Notifications++;
            return true;
        }

        public override string ToString() => $"the task of {(source is null ? input : $"[{source}]")}, {future},";
    }
}
