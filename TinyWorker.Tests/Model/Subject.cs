using System.Diagnostics;
using TinyWorker.Backends;

namespace TinyWorker.Tests.Model;

/// <summary>The real troupe, its futures and what was seen of them.</summary>
internal sealed class Subject : IDisposable
{
    private readonly Stage _stage;
    private readonly ManualClock _clock = new();
    private readonly TimeSpan _patience;
    private readonly List<Handle> _handles = [];
    private readonly List<CancellationTokenSource?> _tokens = [];
    private readonly List<Task> _stops = [];
    private readonly CancellationTokenSource _stopping = new();

    public Subject(Setup setup, TimeSpan patience, Func<Setup, TimeProvider, TinyTroupeOptions> options)
    {
        _patience = patience;
        _stage = new Stage(setup);
        Troupe = new TinyTroupe<int, int>(_stage.Make, options(setup, _clock));
    }

    public TinyTroupe<int, int> Troupe { get; }

    public int ArmedTimers => _clock.Armed;

    /// <summary>How many workers were made and not disposed.</summary>
    public int LeftWorkers => _stage.Made - _stage.Disposed;

    public Seen Look()
    {
        Phase[] phases = [.. _handles.Select(handle => handle.Phase)];
        return new(
            phases, [.. phases.Select((phase, id) => phase >= Phase.Succeeded ? EndOf(id) : null)], [.. _handles.Select(handle => handle.Calls)],
            _stage.Started, _stage.Made, Troupe.Crew.Loops.Count(loop => loop.Phase >= WorkerPhase.GivenUp), [.. _stops.Select(stop => stop.IsCompletedSuccessfully)], Troupe.Snapshot(), [.. _stage.Faults]);
    }

    public Phase Submit(Body body, int? input, Token token) => Submit(body, input, token, () => input is { } some
        ? Task.FromResult(Troupe.Submit(FutureOf(some), TokenOf(token)))
        : Task.FromResult(Troupe.Submit(_handles.Count, TokenOf(token))));

    public Phase SubmitAsync(Body body, int? input, Token token) => Submit(body, input, token, () => input is { } some
        ? Troupe.SubmitAsync(FutureOf(some), TokenOf(token)).AsTask()
        : Troupe.SubmitAsync(_handles.Count, TokenOf(token)).AsTask());

    public Phase TrySubmit(Body body) => Submit(body, input: null, Token.None, () =>
        Troupe.TrySubmit(_handles.Count, out var future)
            ? Task.FromResult(future)
            : Task.FromCanceled<TinyFuture<int>>(new CancellationToken(canceled: true)));

    public void AddSource()
    {
        var source = new TinyFutureSource<int>();
        Add(new SourceHandle(source));
    }

    public void Then(int of, bool throws) => Add(new Handle<int>(_handles[of] switch
    {
        Handle<int> number => number.Future.Then(value => Step(value, throws)),
        Handle<int[]> numbers => numbers.Future.Then(values => Step(unchecked(values[0] + values[1]), throws)),
        Handle<TinyFuture<int>> first => first.Future.Then(future => Step(IndexOf(future), throws)),
        _ => throw new UnreachableException(),
    }));

    public void WhenAll(int first, int second) => Add(new Handle<int[]>(TinyFuture.WhenAll([FutureOf(first), FutureOf(second)])));

    public void WhenAny(int first, int second) => Add(new Handle<TinyFuture<int>>(TinyFuture.WhenAny([FutureOf(first), FutureOf(second)])));

    public void Release(int id, Outcome outcome) => _stage.Release(id, outcome);

    public bool Complete(int id, Outcome outcome)
    {
        var source = ((SourceHandle)_handles[id]).Source;
        return outcome switch
        {
            Outcome.Success => source.TrySetResult(id),
            Outcome.Fault => source.TrySetException(new FormatException($"fault of {id}")),
            _ => source.TrySetCanceled(),
        };
    }

    public bool Cancel(int id) => _handles[id].Cancel();

    public void FireToken(int id) => _tokens[id]!.Cancel();

    public void AddCallback(int id) => _handles[id].AddCallback();

    public void Advance(TimeSpan time) => _clock.Advance(time);

    public void Dispose(bool byStop) => _stops.Add(byStop ? Troupe.StopAsync(_stopping.Token) : Troupe.DisposeAsync().AsTask());

    public void EndPatience() => _stopping.Cancel();

    /// <summary>What it has come to: a number, or the exception.</summary>
    public object? EndOf(int id) => _handles[id].Failure is { } failure ? failure.Exception : _handles[id] switch
    {
        Handle<int> number => number.Future.Result(),
        Handle<int[]> numbers => unchecked(numbers.Future.Result()[0] + numbers.Future.Result()[1]),
        Handle<TinyFuture<int>> first => IndexOf(first.Future.Result()),
        _ => throw new UnreachableException(),
    };

    public void Dispose()
    {
        _stage.ReleaseAll();
        Troupe.Abort();
        _clock.Advance(TimeSpan.FromHours(100));   // the graces of what is left after a failure
        _stopping.Dispose();
        foreach (var token in _tokens) token?.Dispose();
    }

    private static int Step(int value, bool throws) => throws ? throw new FormatException("fault of a step") : World.Next(value);

    private int IndexOf(TinyFuture<int> future) => _handles.FindIndex(handle => handle is Handle<int> { Phase: >= Phase.Pending } number && number.Future == future);

    private TinyFuture<int> FutureOf(int id) => ((Handle<int>)_handles[id]).Future;

    private CancellationToken TokenOf(Token token) => token switch
    {
        Token.None => CancellationToken.None,
        Token.Live => _tokens[^1]!.Token,
        _ => new CancellationToken(canceled: true),
    };

    private void Add(Handle handle)
    {
        _handles.Add(handle);
        if (_tokens.Count < _handles.Count) _tokens.Add(null);
    }

    private Phase Submit(Body body, int? input, Token token, Func<Task<TinyFuture<int>>> submit)
    {
        _tokens.Add(token == Token.Live ? new CancellationTokenSource() : null);
        using var activity = input is null ? null : new Activity("submission").Start();
        _stage.Cast(_handles.Count, body, activity);
        // A submission that blocks although there is room is ended by an abort.
        using var watch = new Timer(static troupe => ((TinyTroupe<int, int>)troupe!).Abort(), Troupe, _patience, System.Threading.Timeout.InfiniteTimeSpan);
        Task<TinyFuture<int>> submission;
        try
        {
            submission = submit();
        }
        catch (Exception e)
        {
            submission = e is OperationCanceledException ? Task.FromCanceled<TinyFuture<int>>(new CancellationToken(canceled: true)) : Task.FromException<TinyFuture<int>>(e);
        }

        var handle = new Handle<int>(submission);
        var answer = handle.Phase;
        Add(handle);
        return answer > Phase.Pending ? Phase.Pending : answer;
    }

    private sealed class SourceHandle(TinyFutureSource<int> source) : Handle<int>(source.Future)
    {
        public TinyFutureSource<int> Source => source;
    }
}
