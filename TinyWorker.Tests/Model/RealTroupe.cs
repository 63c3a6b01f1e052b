using System.Diagnostics;
using TinyWorker.Workers;

namespace TinyWorker.Tests.Model;

/// <summary>The system under test: a real troupe, its futures, tokens and teardowns.</summary>
internal sealed class RealTroupe : IDisposable
{
    private readonly ScriptedWorkers _workers;
    private readonly ManualClock _clock = new();
    private readonly TimeSpan _timeout;   // for a submission that should not block
    private readonly List<TrackedFuture> _futures = [];
    private readonly List<CancellationTokenSource?> _tokens = [];
    private readonly List<Task> _teardowns = [];
    private readonly CancellationTokenSource _stopToken = new();   // of every StopAsync

    public RealTroupe(Setup setup, TimeSpan timeout, Func<Setup, TimeProvider, TinyTroupeOptions> options)
    {
        _timeout = timeout;
        _workers = new ScriptedWorkers(setup);
        Troupe = new TinyTroupe<int, int>(_workers.Make, options(setup, _clock));
    }

    public TinyTroupe<int, int> Troupe { get; }

    public int ArmedTimers => _clock.Armed;

    /// <summary>How many workers were made and not disposed.</summary>
    public int UndisposedWorkers => _workers.Made - _workers.Disposed;

    public Observation Observe()
    {
        Phase[] phases = [.. _futures.Select(tracked => tracked.Phase)];
        return new(
            phases,
            [.. phases.Select((phase, id) => phase >= Phase.Succeeded ? ResultOf(id) : null)],
            [.. _futures.Select(tracked => tracked.Calls)],
            _workers.Started,
            _workers.Made,
            Troupe.Inside.Loops.Loops.Count(loop => loop.Phase >= WorkerPhase.Abandoned),
            [.. _teardowns.Select(teardown => teardown.IsCompletedSuccessfully)],
            Troupe.Snapshot(),
            Troupe.IsPaused,
            Troupe.Workers,
            [.. _workers.Faults]);
    }

    public Phase Submit(Body body, int? input, SubmissionToken token, Terms terms) => Submit(body, input, token, () => input is { } some
        ? Task.FromResult(Troupe.Submit(FutureOf(some), OptionsOf(terms), TokenOf(token)))
        : Task.FromResult(Troupe.Submit(_futures.Count, OptionsOf(terms), TokenOf(token))));

    public Phase SubmitAsync(Body body, int? input, SubmissionToken token, Terms terms) => Submit(body, input, token, () =>
        input is { } some
            ? Troupe.SubmitAsync(FutureOf(some), OptionsOf(terms), TokenOf(token)).AsTask()
            : Troupe.SubmitAsync(_futures.Count, OptionsOf(terms), TokenOf(token)).AsTask());

    public Phase TrySubmit(Body body, Terms terms) => Submit(body, input: null, SubmissionToken.None, () =>
        Troupe.TrySubmit(_futures.Count, OptionsOf(terms), out var future)
            ? Task.FromResult(future)
            : Task.FromCanceled<TinyFuture<int>>(new CancellationToken(canceled: true)));

    /// <summary>Submits a task for every worker. Each has the same input, so all are told apart by their trace and their worker.</summary>
    public Phase SubmitToEach(Body body, SubmissionToken token, int count)
    {
        var first = _futures.Count;
        _tokens.Add(token == SubmissionToken.Live ? new CancellationTokenSource() : null);
        using var activity = new Activity("submission").Start();
        _workers.PrepareForEach(first, count, body, activity);
        try
        {
            var futures = Troupe.SubmitToEach(first, TokenOf(token));
            if (futures.Count != count) _workers.Faults.Enqueue($"{futures.Count} workers have got a task, and not {count}");
            foreach (var future in futures) Add(new TrackedFuture<int>(future));
            return Phase.Pending;
        }
        catch (OperationCanceledException)
        {
            Add(new TrackedFuture<int>(Task.FromCanceled<TinyFuture<int>>(new CancellationToken(canceled: true))));
        }
        catch (ObjectDisposedException e)
        {
            Add(new TrackedFuture<int>(Task.FromException<TinyFuture<int>>(e)));
        }

        return _futures[^1].Phase;
    }

    public void Resize(int workers)
    {
        _workers.Most = Math.Max(_workers.Most, workers);
        Troupe.Resize(workers);
    }

    public void AddSource() => Add(new TrackedSource(new TinyFutureSource<int>()));

    public void Then(int of, bool throws) => Add(new TrackedFuture<int>(_futures[of] switch
    {
        TrackedFuture<int> number => number.Future.Then(value => Step(value, throws)),
        TrackedFuture<int[]> numbers => numbers.Future.Then(values => Step(unchecked(values[0] + values[1]), throws)),
        TrackedFuture<TinyFuture<int>> first => first.Future.Then(future => Step(IndexOf(future), throws)),
        _ => throw new UnreachableException(),
    }));

    public void WhenAll(int first, int second) => Add(new TrackedFuture<int[]>(TinyFuture.WhenAll([FutureOf(first), FutureOf(second)])));

    public void WhenAny(int first, int second) =>
        Add(new TrackedFuture<TinyFuture<int>>(TinyFuture.WhenAny([FutureOf(first), FutureOf(second)])));

    public void Release(int id, Outcome outcome) => _workers.Release(id, outcome);

    public bool Complete(int id, Outcome outcome)
    {
        var source = ((TrackedSource)_futures[id]).Source;
        return outcome switch
        {
            Outcome.Success => source.TrySetResult(id),
            Outcome.Fault => source.TrySetException(new FormatException($"fault of {id}")),
            _ => source.TrySetCanceled(),
        };
    }

    public bool Cancel(int id) => _futures[id].Cancel();

    public void FireToken(int id) => _tokens[id]!.Cancel();

    public void AddCallback(int id) => _futures[id].AddCallback();

    public void Advance(TimeSpan time) => _clock.Advance(time);

    public void Dispose(bool byStop) => _teardowns.Add(byStop ? Troupe.StopAsync(_stopToken.Token) : Troupe.DisposeAsync().AsTask());

    public void FireStopToken() => _stopToken.Cancel();

    /// <summary>The result of a future that has ended: a number, or the exception.</summary>
    public object? ResultOf(int id) => _futures[id].Failure is { } failure ? failure.Exception : _futures[id] switch
    {
        TrackedFuture<int> number => number.Future.Result(),
        TrackedFuture<int[]> numbers => unchecked(numbers.Future.Result()[0] + numbers.Future.Result()[1]),
        TrackedFuture<TinyFuture<int>> first => IndexOf(first.Future.Result()),
        _ => throw new UnreachableException(),
    };

    public void Dispose()
    {
        _workers.ReleaseAll();
        Troupe.Abort();
        _clock.Advance(TimeSpan.FromHours(100));   // past every grace period, for what is left after a failure
        _stopToken.Dispose();
        foreach (var token in _tokens) token?.Dispose();
    }

    private static int Step(int value, bool throws) => throws ? throw new FormatException("fault of a step") : ModelState.Next(value);

    private int IndexOf(TinyFuture<int> future) =>
        _futures.FindIndex(tracked => tracked is TrackedFuture<int> { Phase: >= Phase.Pending } number && number.Future == future);

    private TinyFuture<int> FutureOf(int id) => ((TrackedFuture<int>)_futures[id]).Future;

    private CancellationToken TokenOf(SubmissionToken token) => token switch
    {
        SubmissionToken.None => CancellationToken.None,
        SubmissionToken.Live => _tokens[^1]!.Token,
        _ => new CancellationToken(canceled: true),
    };

    private static SubmitOptions OptionsOf(Terms terms) => new()
    {
        Priority = terms.Priority, Key = terms.Key, Deadline = terms.Deadline is { } hours ? TimeSpan.FromHours(hours - 0.5) : null,
    };

    private void Add(TrackedFuture tracked)
    {
        _futures.Add(tracked);
        if (_tokens.Count < _futures.Count) _tokens.Add(null);
    }

    private Phase Submit(Body body, int? input, SubmissionToken token, Func<Task<TinyFuture<int>>> submit)
    {
        _tokens.Add(token == SubmissionToken.Live ? new CancellationTokenSource() : null);
        using var activity = input is null ? null : new Activity("submission").Start();
        _workers.Prepare(_futures.Count, body, activity);
        // If the submission blocks although there is room, an abort ends it.
        using var watchdog = new Timer(
            static troupe => ((TinyTroupe<int, int>)troupe!).Abort(), Troupe, _timeout, System.Threading.Timeout.InfiniteTimeSpan);
        Task<TinyFuture<int>> submission;
        try
        {
            submission = submit();
        }
        catch (OperationCanceledException)
        {
            submission = Task.FromCanceled<TinyFuture<int>>(new CancellationToken(canceled: true));
        }
        catch (Exception e)
        {
            submission = Task.FromException<TinyFuture<int>>(e);
        }

        var tracked = new TrackedFuture<int>(submission);
        var answer = tracked.Phase;
        Add(tracked);
        return answer > Phase.Pending ? Phase.Pending : answer;
    }

    private sealed class TrackedSource(TinyFutureSource<int> source) : TrackedFuture<int>(source.Future)
    {
        public TinyFutureSource<int> Source => source;
    }
}
