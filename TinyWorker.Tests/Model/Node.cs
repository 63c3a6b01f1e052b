using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>A future of the model.</summary>
internal sealed record Node(Kind Kind, Phase Phase)
{
    /// <summary>The futures that it waits for.</summary>
    public ImmutableArray<int> Inputs { get; init; } = [];

    /// <summary>Who waits for it, in the order in which they came.</summary>
    public ImmutableArray<int> Followers { get; init; } = [];

    /// <summary>Of a task.</summary>
    public Body Body { get; init; }

    /// <summary>Of a task with a token that can fire.</summary>
    public bool HasToken { get; init; }

    /// <summary>Of a step: whether its function throws.</summary>
    public bool Throws { get; init; }

    /// <summary>What a task or a step is given.</summary>
    public int Argument { get; init; }

    /// <summary>The result; of an Any, which future was the first.</summary>
    public int Value { get; init; }

    /// <summary>Whose exception it has; -1 where that is open.</summary>
    public int Origin { get; init; } = -1;

    /// <summary>Of a task that was asked to stop: why.</summary>
    public bool IsAsked { get; init; }

    public bool IsTimedOut { get; init; }

    /// <summary>When a running task is asked to stop, or given up, if nothing happens before.</summary>
    public int? DueAt { get; init; }

    public bool HasStarted { get; init; }

    public bool IsGivenUp { get; init; }

    /// <summary>Of an All: how many of its inputs have not told it of their end.</summary>
    public int Outstanding { get; init; }

    /// <summary>How many callbacks were registered.</summary>
    public int Callbacks { get; init; }

    public bool IsThere => Phase >= Phase.Pending;

    public bool HasEnded => Phase >= Phase.Succeeded;

    public bool HasFailed => Phase >= Phase.Faulted;
}
