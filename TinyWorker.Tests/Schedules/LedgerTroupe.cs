using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Tests.Schedules;

/// <summary>A troupe that adds one to a number, and the ledger of what it has accepted, which is checked when all is over.</summary>
/// <remarks>The ledger needs no lock: one thread runs at a time, and none is stopped in here but at the points of the core.</remarks>
internal sealed class LedgerTroupe(ProgramRun run, string name, bool cannotStart, Action<int>? inside, Func<int, Task>? before)
{
    /// <summary>A task with this number, or a higher one, is at work until it is asked to stop. One with a negative number faults.</summary>
    public const int Patient = 1000;

    /// <summary>A task with this number, or a higher one, is at work until <see cref="Release"/>, whatever it is asked.</summary>
    public const int Hung = 2000;

    private readonly List<Entry> _entries = [];
    private readonly List<int> _started = [];   // the numbers that workers were given, in order
    private TinyTroupe<int, int>? _troupe;
    private bool _isReleased;
    private bool _mayCancel;                    // something was cancelled, or all was aborted
    private bool _mayRefuse;                    // it was stopped, or is just being
    private int _made;
    private int _disposed;

    public string Name => name;

    public TinyTroupe<int, int> Troupe => _troupe!;

    public IReadOnlyList<int> Started => _started;

    public void Start(TinyTroupeOptions options) => _troupe = new TinyTroupe<int, int>(Make, options);

    /// <summary>Null if it was not accepted: the troupe is stopped, or the wait was cancelled.</summary>
    public TinyFuture<int>? Submit(int input, CancellationToken cancellationToken = default) =>
        Accept(() => Troupe.Submit(input, cancellationToken), input, null, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
        Accept(() => Troupe.Submit(input, cancellationToken), 0, input, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? SubmitAsync(int input, CancellationToken cancellationToken = default) =>
        Accept(() => Awaited(Troupe.SubmitAsync(input, cancellationToken).AsTask()), input, null, cancellationToken);

    /// <inheritdoc cref="Submit(int, CancellationToken)"/>
    public TinyFuture<int>? SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
        Accept(() => Awaited(Troupe.SubmitAsync(input, cancellationToken).AsTask()), 0, input, cancellationToken);

    /// <summary>Null if it was not accepted.</summary>
    public TinyFuture<int>? TrySubmit(int input) =>
        Accept(() => Troupe.TrySubmit(input, out var future) ? future : null, input, null, CancellationToken.None);

    public bool Cancel(TinyFuture<int>? future)
    {
        _mayCancel = true;
        return future is not null && future.Cancel();
    }

    public void Abort()
    {
        _mayCancel = _mayRefuse = true;
        Troupe.Abort();
    }

    public void Dispose()
    {
        _mayRefuse = true;
        Troupe.Dispose();
        Require(_entries.TrueForAll(entry => entry.Future.IsCompleted), "it was disposed before every task had ended");
        if (Troupe.Crew.Abandoned > 0) return;   // the workers that were given up are disposed when their threads come back
        Require(_made == _disposed, "it was disposed before every worker had been");
    }

    public void Release() => _isReleased = true;

    /// <summary>When every thread has ended.</summary>
    public void Check()
    {
        foreach (var entry in _entries) Check(entry);
        foreach (var number in _started.Distinct())
        {
            var of = _entries.Where(entry => entry.Number == number).ToList();
            var calls = _started.Count(started => started == number);
            Require(calls <= of.Count, $"{number} was worked on {calls} times, and accepted {of.Count} times");
            Require(calls >= of.Count(WorkerEnded), $"{number} has a result that no worker has made");
        }

        var end = Troupe.Snapshot();
        Require(end.Accepted == _entries.Count, $"{_entries.Count} tasks were accepted, and the snapshot says {end}");
        Require(end.Succeeded == Count(TinyFutureStatus.Succeeded) && end.Faulted == Count(TinyFutureStatus.Faulted)
            && end.Canceled == Count(TinyFutureStatus.Canceled), $"the tasks ended otherwise than the snapshot says: {end}");
        Require(end is { Waiting: 0, Running: 0 }, $"something is left: {end}");
        Require(end.Abandoned <= _entries.Count(entry => entry.Number >= Patient), $"a worker was abandoned that had come back: {end}");
        Require(_made == _disposed, $"{_made} workers were made and {_disposed} disposed");

        int Count(TinyFutureStatus status) => _entries.Count(entry => entry.Future.Status == status);
    }

    private void Check(Entry entry)
    {
        var (future, source) = (entry.Future, entry.Source);
        Require(future.IsCompleted, $"{entry} has not ended");
        Require(entry.Told == (entry.IsWatched ? 1 : 0), $"{entry} has told {entry.Told} times that it ended");
        switch (future.Status)
        {
            case TinyFutureStatus.Succeeded:
                Require(entry.Number is >= 0 and (< Patient or >= Hung), $"{entry} cannot have succeeded");
                Require(future.Result() == entry.Number + 1, $"{entry} has another's result");
                break;
            case TinyFutureStatus.Faulted when source?.Status == TinyFutureStatus.Faulted:
                Require(future.Exception == source.Exception || future.Exception is WorkerStartException && cannotStart, $"{entry} has not its input's fault");
                break;
            case TinyFutureStatus.Faulted:
                Require(
                    future.Exception switch
                    {
                        ArithmeticException => entry.Number < 0,
                        TimeoutException => Troupe.TaskTimeout is not null,
                        WorkerStartException => cannotStart,
                        _ => false,
                    },
                    $"{entry} has a fault that nobody made: {future.Exception}");
                break;
            case TinyFutureStatus.Canceled:
                Require(_mayCancel || source?.Status == TinyFutureStatus.Canceled, $"{entry} was cancelled by nobody");
                break;
        }
    }

    private static bool WorkerEnded(Entry entry) =>
        entry.Future.Status == TinyFutureStatus.Succeeded || entry is { Source: null, Future.Exception: ArithmeticException };

    private void Require(bool condition, string otherwise)
    {
        if (!condition) throw new AssertionException($"{name}: {otherwise}.");
    }

    private TinyFuture<int>? Accept(Func<TinyFuture<int>?> submit, int input, TinyFuture<int>? source, CancellationToken cancellationToken)
    {
        _mayCancel |= cancellationToken.CanBeCanceled;
        try
        {
            if (submit() is not { } future) return null;
            var entry = new Entry(future, input, source, isWatched: run.Random.Next(2) == 0);
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

    private static TinyFuture<int> Awaited(Task<TinyFuture<int>> task)
    {
        Scheduler.Until(() => task.IsCompleted, "the place at the gate");
        return task.GetAwaiter().GetResult();
    }

    private ITinyWorker<int, int> Make(WorkerInfo info)
    {
        Schedule.Point();   // it takes a while
        if (cannotStart && info.Index == 0) throw new NotSupportedException("cannot start");
        _made++;
        return before is null ? new Worker(this) : new AsyncWorker(this, before);
    }

    private int Call(int number, CancellationToken cancellationToken)
    {
        _started.Add(number);
        inside?.Invoke(number);
        Schedule.Point();   // it takes a while
        if (inside is null) Require(Troupe.Gate.Read().Waiting <= Troupe.Capacity, "more wait than the capacity allows");
        if (number < 0) throw new ArithmeticException($"{number} is negative.");
        if (number >= Hung) Scheduler.Until(() => _isReleased, "the release of what is hung");
        else if (number >= Patient)
        {
            Scheduler.Until(() => cancellationToken.IsCancellationRequested, "the token of what is patient");
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

    private sealed class Entry(TinyFuture<int> future, int input, TinyFuture<int>? source, bool isWatched) : IContinuation
    {
        public TinyFuture<int> Future => future;

        public TinyFuture<int>? Source => source;

        /// <summary>What a worker is given, if the source, where there is one, has succeeded.</summary>
        public int? Number => source is null ? input : source.Status == TinyFutureStatus.Succeeded ? source.Result() : null;

        public bool IsWatched => isWatched;

        public int Told { get; private set; }

        public bool IsAbandoned => false;

        public void OnSourceCompleted() => Told++;

        public override string ToString() => $"the task of {(source is null ? input : $"[{source}]")}, {future},";
    }
}
