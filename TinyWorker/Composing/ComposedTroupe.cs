using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;

namespace TinyWorker.Composing;

/// <summary>
/// What all troupes have in common that are made of other troupes: it owns none of its parts. It counts, drains and aborts its own tasks
/// only.
/// </summary>
internal abstract class ComposedTroupe : ITroupe, IStage, IFutureOwner
{
    private readonly ITroupe[] _parts;
    private readonly object _identity = new();   // tells this troupe from every other one, and keeps it not alive
    private readonly long _madeAt;

    /// <param name="name">Its name.</param>
    /// <param name="parts">What it is made of; the last one has the results.</param>
    protected ComposedTroupe(string name, params ITroupe[] parts)
    {
        Name = name;
        _parts = parts;
        var last = (parts[^1] as IStage)?.Owner;
        Logger = last?.Logger ?? NullLogger.Instance;
        TimeProvider = last?.TimeProvider ?? TimeProvider.System;
        Unobserved = last?.Unobserved ?? new UnobservedFaults();   // told when that part ends: who disposes a part need not dispose this
        _madeAt = TimeProvider.GetTimestamp();
    }

    public string Name { get; }

    public ILogger Logger { get; }

    public TimeProvider TimeProvider { get; }

    public UnobservedFaults Unobserved { get; }

    public OwnTasks Tasks { get; } = new();

    public abstract int Breadth { get; }

    IFutureOwner IStage.Owner => this;

    /// <summary>Whether the calling code runs inside a worker of one of the parts.</summary>
    protected bool IsInsideWorker => WorkerScope.Troupe is { } troupe && IsWorkedBy(troupe);

    /// <summary>How many tasks may run in the troupe at a time.</summary>
    public static int BreadthOf(ITroupe troupe) =>
        troupe is IStage stage ? stage.Breadth : Math.Max(1, troupe.Snapshot().Workers.Count);

    public bool IsWorkedBy(IFutureOwner troupe) => Array.Exists(_parts, part => part is IStage stage && stage.Owner.IsWorkedBy(troupe));

    public Task WhenReadyAsync(CancellationToken cancellationToken = default) =>
        Task.WhenAll(Array.ConvertAll(_parts, part => part.WhenReadyAsync(cancellationToken)));

    public TroupeSnapshot Snapshot()
    {
        var parts = Array.ConvertAll(_parts, static part => part.Snapshot());
        return Counted(parts) with { Condition = Condition(Array.ConvertAll(parts, static part => part.Condition)) };
    }

    public TroupeExplanation Explain(TroupeExplanation? since = null)
    {
        if (since is not null && since.Troupe != _identity)
        {
            throw new ArgumentException(
                $"That explains another troupe, named '{since.Snapshot.Name}', and this is '{Name}'. " +
                "Hand in what this troupe's own Explain returned.",
                nameof(since));
        }

        var parts = _parts.Select((part, index) => part.Explain(since?.Parts[index])).ToArray();
        var condition = Condition(Array.ConvertAll(parts, static part => part.Condition));
        var now = Counted(Array.ConvertAll(parts, static part => part.Snapshot)) with { Condition = condition };
        var takenAt = TimeProvider.GetTimestamp();
        return new TroupeExplanation
        {
            Condition = condition,
            Snapshot = now,
            Parts = parts,
            Over = TimeProvider.GetElapsedTime(since?.TakenAt ?? _madeAt, takenAt),
            Ended = EndedIn(now) - (since is null ? 0 : EndedIn(since.Snapshot)),
            TakenAt = takenAt,
            Troupe = _identity,
        };
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (IsInsideWorker)
        {
            throw new InvalidOperationException(
                $"A worker that runs tasks of '{Name}' tried to stop it, which would wait for the worker itself for ever. Do that " +
                "outside the workers, or call Abort() here.");
        }

        Close();
        var abort = cancellationToken.UnsafeRegister(static troupe => ((ComposedTroupe)troupe!).Abort(), this);
        await using var registration = abort.ConfigureAwait(false);
        await Tasks.Drained.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    public void Abort()
    {
        Tasks.BeginAbort();   // before Close, which would begin what waits for others
        Close();
        Tasks.Abort();
    }

    /// <summary>The name and the counts, for logs.</summary>
    public override string ToString()
    {
        var now = Snapshot();
        return $"'{Name}' ({now.Waiting} waiting, {now.Running} running, {now.Succeeded} succeeded, {now.Faulted} faulted, " +
            $"{now.Canceled} canceled)";
    }

    /// <summary>Ends a wait for a place of a part. The callbacks may be those of a troupe of another library: what they throw is
    /// logged.</summary>
    public void Cancel(CancellationTokenSource wait)
    {
        try
        {
            wait.Cancel();
        }
        catch (AggregateException e)
        {
            Log.CallbackFaulted(Logger, Name, e);
        }
    }

    /// <summary>Takes no new task from now on: those who wait for room are refused. Can be called again.</summary>
    protected abstract void Close();

    /// <summary>The capacity in a snapshot.</summary>
    protected abstract int CapacityOf(TroupeSnapshot[] parts);

    /// <summary>The workers in a snapshot.</summary>
    protected abstract IReadOnlyList<WorkerSnapshot> WorkersOf(TroupeSnapshot[] parts);

    /// <summary>How many of them there may be.</summary>
    protected abstract int MaxWorkersOf(TroupeSnapshot[] parts);

    protected ObjectDisposedException Stopped() => new(
        Name, $"'{Name}' is stopped and takes no more work. Submit before it is disposed, or make another one of the same troupes.");

    private TroupeSnapshot Counted(TroupeSnapshot[] parts) =>
        Tasks.Snapshot(Name, CapacityOf(parts), WorkersOf(parts)) with { MaxWorkers = MaxWorkersOf(parts) };

    // That of the part that holds it up.
    private TroupeCondition Condition(TroupeCondition[] parts) =>
        Tasks.IsAborted || Tasks.Drained.IsCompleted ? TroupeCondition.Stopped : parts.MaxBy(Severity);

    // The conditions are in the order of their severity, but for the first: a part that starts holds up one that waits for its input.
    private static double Severity(TroupeCondition condition) =>
        condition == TroupeCondition.Starting ? (int)TroupeCondition.Busy + 0.5 : (int)condition;

    private static long EndedIn(TroupeSnapshot snapshot) => snapshot.Succeeded + snapshot.Faulted + snapshot.Canceled;
}
