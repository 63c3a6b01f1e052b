using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>A future of the model.</summary>
internal sealed record ModelFuture(FutureKind Kind, Phase Phase)
{
    /// <summary>The futures that it waits for.</summary>
    public ImmutableArray<int> Inputs { get; init; } = [];

    /// <summary>The futures that wait for it, in the order in which they came.</summary>
    public ImmutableArray<int> Dependents { get; init; } = [];

    /// <summary>For a task: what its code does.</summary>
    public Body Body { get; init; }

    /// <summary>For a task: the larger goes first.</summary>
    public int Priority { get; init; }

    /// <summary>For a task: its key, if it has one.</summary>
    public string? Key { get; init; }

    /// <summary>For a task: when it must have ended.</summary>
    public int? DeadlineAt { get; init; }

    /// <summary>For a task: the only place that may run it, if it is one of those for every worker; else -1.</summary>
    public int Place { get; init; } = -1;

    /// <summary>For a task: where it runs, or ran if it has a key or a place; else -1.</summary>
    public int At { get; init; } = -1;

    /// <summary>For a task: the submission with the token that can fire; -1 for none.</summary>
    public int TokenOf { get; init; } = -1;

    /// <summary>For a step: whether its function throws.</summary>
    public bool Throws { get; init; }

    /// <summary>The argument of a task or a step.</summary>
    public int Argument { get; init; }

    /// <summary>The result; for an Any, the first future that ended.</summary>
    public int Value { get; init; }

    /// <summary>The future whose exception it has; -1 where the model leaves that open.</summary>
    public int Origin { get; init; } = -1;

    /// <summary>For a running task: whether it was asked to stop.</summary>
    public bool IsStopRequested { get; init; }

    /// <summary>Whether it was asked to stop because its time was over.</summary>
    public bool IsTimedOut { get; init; }

    /// <summary>When a running task is asked to stop, or is abandoned after that, unless it ends before.</summary>
    public int? DueAt { get; init; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; init; }

    /// <summary>Whether only one worker may take it.</summary>
    public bool IsForOneWorker => Key is not null || Place >= 0;

    /// <summary>Whether the troupe has abandoned the task, or killed its process.</summary>
    public bool IsAbandoned { get; init; }

    /// <summary>For an All: how many of its inputs have not notified it of their end.</summary>
    public int Outstanding { get; init; }

    /// <summary>The number of callbacks that were registered.</summary>
    public int Callbacks { get; init; }

    /// <summary>Whether the submitter has the future.</summary>
    public bool Exists => Phase >= Phase.Pending;

    public bool HasEnded => Phase >= Phase.Succeeded;

    public bool HasFailed => Phase >= Phase.Faulted;
}

/// <summary>What produces a future.</summary>
internal enum FutureKind
{
    Source,
    Task,
    Step,
    All,
    Any,
}

/// <summary>The state of a submission while there is no future yet, and the status of the future from then on.</summary>
internal enum Phase
{
    /// <summary>The submitter waits for a place.</summary>
    Queued,

    /// <summary>The submission was refused because the troupe is stopped.</summary>
    Refused,

    /// <summary>The submitter's wait was cancelled.</summary>
    Withdrawn,

    Pending,
    Running,
    Succeeded,
    Faulted,
    Canceled,
}
