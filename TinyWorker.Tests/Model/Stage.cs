using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Tests.Model;

/// <summary>
/// Where the bodies of a real troupe play: knows which task each of them is, keeps the gates, and notes who has started, where.
/// </summary>
/// <remarks>
/// A task with a plain input is known by it: its number. Two tasks of one future have the same input; they are known by the trace
/// in which they were submitted.
/// </remarks>
internal sealed class Stage(Setup setup)
{
    private readonly ConcurrentDictionary<ActivityTraceId, int> _tasks = new();
    private readonly ConcurrentDictionary<int, (Body Body, TaskCompletionSource<Outcome> Gate)> _parts = new();
    private readonly Lock _lock = new();
    private readonly List<(int Id, int Argument, int Worker)> _started = [];   // guarded by _lock
    private int _made;
    private int _disposed;

    public ConcurrentQueue<string> Faults { get; } = new();

    public int Made => Volatile.Read(ref _made);

    public int Disposed => Volatile.Read(ref _disposed);

    public (int Id, int Argument, int Worker)[] Started
    {
        get
        {
            lock (_lock) return [.. _started];
        }
    }

    /// <summary>Before its task is submitted; with an activity if its input does not tell which it is.</summary>
    public void Cast(int id, Body body, Activity? activity)
    {
        _parts[id] = (body, new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (activity is not null) _tasks[activity.TraceId] = id;
    }

    public void Release(int id, Outcome outcome) => _parts[id].Gate.TrySetResult(outcome);

    /// <summary>At the end: the bodies whose workers were given up may go home.</summary>
    public void ReleaseAll()
    {
        foreach (var (_, gate) in _parts.Values) gate.TrySetResult(Outcome.Success);
    }

    public ITinyWorker<int, int> Make(WorkerInfo info)
    {
        if (info.Index < 0 || info.Index >= setup.Workers) Faults.Enqueue($"a worker of the index {info.Index}");
        var number = Interlocked.Increment(ref _made);
        return setup.IsAsync ? new AsyncPlayer(this, number) : new Player(this, number);
    }

    private (int Id, Body Body, Task<Outcome> Gate) Enter(int argument, int worker)
    {
        var id = Activity.Current is { } activity && _tasks.TryGetValue(activity.TraceId, out var chained) ? chained : argument;
        lock (_lock) _started.Add((id, argument, worker));
        if (_parts.TryGetValue(id, out var part)) return (id, part.Body, part.Gate.Task);
        Faults.Enqueue($"a task that nobody has submitted, with the input {argument}");
        throw new InvalidOperationException();
    }

    private static int End(int id, int argument, Outcome outcome) => outcome switch
    {
        Outcome.Success => World.Result(id, argument),
        Outcome.Fault => throw new FormatException($"fault of {id}"),
        _ => throw new OperationCanceledException($"cancellation of {id}"),
    };

    private static Outcome? AtOnce(Body body) => body switch
    {
        Body.Returns => Outcome.Success,
        Body.Throws => Outcome.Fault,
        Body.ThrowsCancellation => Outcome.Cancellation,
        _ => null,
    };

    private void Occupy(ref int busy, int worker)
    {
        if (Interlocked.Exchange(ref busy, 1) != 0) Faults.Enqueue($"worker {worker} has two tasks at a time, or one after its disposal");
    }

    private sealed class Player(Stage stage, int number) : TinyWorker<int, int>, IDisposable
    {
        private int _busy;

        public override int Call(int input, CancellationToken cancellationToken)
        {
            stage.Occupy(ref _busy, number);
            try
            {
                var (id, body, gate) = stage.Enter(input, number);
                if (AtOnce(body) is { } outcome) return End(id, input, outcome);
                gate.Wait(body == Body.HeedsToken ? cancellationToken : CancellationToken.None);
                return End(id, input, gate.Result);
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        }

        public void Dispose()
        {
            stage.Occupy(ref _busy, number);
            Interlocked.Increment(ref stage._disposed);
        }
    }

    private sealed class AsyncPlayer(Stage stage, int number) : TinyAsyncWorker<int, int>, IAsyncDisposable
    {
        private int _busy;

        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            stage.Occupy(ref _busy, number);
            try
            {
                var (id, body, gate) = stage.Enter(input, number);
                if (AtOnce(body) is { } outcome) return End(id, input, outcome);
                return End(id, input, await gate.WaitAsync(body == Body.HeedsToken ? cancellationToken : CancellationToken.None));
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        }

        public ValueTask DisposeAsync()
        {
            stage.Occupy(ref _busy, number);
            Interlocked.Increment(ref stage._disposed);
            return default;
        }
    }
}
