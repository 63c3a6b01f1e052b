using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Tests.Model;

/// <summary>
/// Makes the workers of the real troupe. It finds out which task a call belongs to, lets the body wait until its release, and records
/// which worker has started which task.
/// </summary>
/// <remarks>
/// The plain input of a task is its number. A task whose input is a future has the future's result as input, so it is identified by the
/// trace in which it was submitted.
/// </remarks>
internal sealed class ScriptedWorkers(Setup setup)
{
    private readonly ConcurrentDictionary<ActivityTraceId, (int Id, bool IsForEach)> _traces = new();
    private readonly ConcurrentDictionary<int, Script> _scripts = new();
    private readonly Lock _lock = new();
    private readonly List<Start> _started = [];   // guarded by _lock
    private int _made;
    private int _disposed;

    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>How many workers there may have been at the most.</summary>
    public int Most { get; set; } = setup.Workers;

    public int Made => Volatile.Read(ref _made);

    public int Disposed => Volatile.Read(ref _disposed);

    public Start[] Started
    {
        get
        {
            lock (_lock) return [.. _started];
        }
    }

    /// <summary>Prepares a task before its submission; with the activity of the submission if the input is a future.</summary>
    public void Prepare(int id, Body body, Activity? activity)
    {
        _scripts[id] = new Script(body, setup.Attempts);
        if (activity is not null) _traces[activity.TraceId] = (id, false);
    }

    /// <summary>Prepares a task for every worker: they have the same input, and numbers in the order of the workers.</summary>
    public void PrepareForEach(int first, int count, Body body, Activity activity)
    {
        for (var id = first; id < first + count; id++) _scripts[id] = new Script(body, setup.Attempts);
        _traces[activity.TraceId] = (first, true);
    }

    /// <summary>Ends the attempt at the task that runs.</summary>
    public void Release(int id, Outcome outcome) => _scripts[id].Release(outcome);

    /// <summary>At the end: lets the bodies of abandoned workers return.</summary>
    public void ReleaseAll()
    {
        foreach (var script in _scripts.Values) script.ReleaseAll();
    }

    public ITinyWorker<int, int> Make(WorkerInfo info)
    {
        if (info.Index < 0 || info.Index >= Most || info.Restarts < 0) Faults.Enqueue($"a worker has the index {info.Index}");
        var number = Interlocked.Increment(ref _made);
        return setup.IsAsync ? new AsyncWorker(this, number, info.Index) : new Worker(this, number, info.Index);
    }

    private (int Id, Body Body, Task<Outcome> Gate) Begin(int argument, int worker, int place)
    {
        var id = argument;
        if (Activity.Current is { } activity && _traces.TryGetValue(activity.TraceId, out var traced))
            id = traced.IsForEach ? traced.Id + place : traced.Id;
        lock (_lock) _started.Add(new Start(id, argument, worker, place));
        if (_scripts.TryGetValue(id, out var script)) return (id, script.Body, script.Begin());
        Faults.Enqueue($"a task with the input {argument} has started, and was not submitted");
        throw new InvalidOperationException();
    }

    private static int End(int id, int argument, Outcome outcome) => outcome switch
    {
        Outcome.Success => ModelState.Result(id, argument),
        Outcome.Fault => throw new FormatException($"fault of {id}"),
        _ => throw new OperationCanceledException($"cancellation of {id}"),
    };

    private static Outcome? ImmediateOutcome(Body body) => body switch
    {
        Body.Returns => Outcome.Success,
        Body.Throws => Outcome.Fault,
        Body.ThrowsCancellation => Outcome.Cancellation,
        _ => null,
    };

    private void MarkBusy(ref int busy, int worker)
    {
        if (Interlocked.Exchange(ref busy, 1) != 0)
            Faults.Enqueue($"worker {worker} has two tasks at a time, or a task after its disposal");
    }

    /// <summary>What a task does, and when each attempt at it ends.</summary>
    private sealed class Script(Body body, int attempts)
    {
        private readonly TaskCompletionSource<Outcome>[] _gates = [.. Enumerable.Range(0, attempts)
            .Select(static _ => new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously))];

        private int _begun;
        private int _released;

        public Body Body => body;

        public Task<Outcome> Begin() => _gates[Math.Min(Interlocked.Increment(ref _begun), attempts) - 1].Task;

        public void Release(Outcome outcome) => _gates[_released++].TrySetResult(outcome);

        public void ReleaseAll()
        {
            foreach (var gate in _gates) gate.TrySetResult(Outcome.Success);
        }
    }

    private sealed class Worker(ScriptedWorkers owner, int number, int place) : TinyWorker<int, int>, IDisposable
    {
        private int _busy;

        public override int Call(int input, CancellationToken cancellationToken)
        {
            owner.MarkBusy(ref _busy, number);
            try
            {
                var (id, body, gate) = owner.Begin(input, number, place);
                if (ImmediateOutcome(body) is { } outcome) return End(id, input, outcome);
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
            owner.MarkBusy(ref _busy, number);
            Interlocked.Increment(ref owner._disposed);
        }
    }

    private sealed class AsyncWorker(ScriptedWorkers owner, int number, int place) : TinyAsyncWorker<int, int>, IAsyncDisposable
    {
        private int _busy;

        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            owner.MarkBusy(ref _busy, number);
            try
            {
                var (id, body, gate) = owner.Begin(input, number, place);
                if (ImmediateOutcome(body) is { } outcome) return End(id, input, outcome);
                return End(id, input, await gate.WaitAsync(body == Body.HeedsToken ? cancellationToken : CancellationToken.None));
            }
            finally
            {
                Volatile.Write(ref _busy, 0);
            }
        }

        public ValueTask DisposeAsync()
        {
            owner.MarkBusy(ref _busy, number);
            Interlocked.Increment(ref owner._disposed);
            return default;
        }
    }
}

/// <summary>A worker has begun a task.</summary>
/// <param name="Id">The task.</param>
/// <param name="Argument">Its input.</param>
/// <param name="Worker">The number of the worker, among all that were made.</param>
/// <param name="Place">The index of the worker.</param>
internal sealed record Start(int Id, int Argument, int Worker, int Place);
