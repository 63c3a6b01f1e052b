using TinyWorker.Diagnostics;

namespace TinyWorker;

/// <summary>What holds a troupe up, in a paragraph, and the figures behind it; see <see cref="TinyTroupe{TIn, TOut}.Explain"/>.</summary>
public sealed record TroupeExplanation
{
    internal TroupeExplanation()
    {
    }

    /// <summary>What holds the troupe up, in a word.</summary>
    public TroupeCondition Condition { get; internal init; }

    /// <summary>The same in a paragraph, with what to change.</summary>
    public string Text => ExplanationText.Of(this);

    /// <summary>The counts that it was told from.</summary>
    public required TroupeSnapshot Snapshot { get; init; }

    /// <summary>How many of the tasks that wait have no input yet.</summary>
    public int WaitingForInput { get; internal init; }

    /// <summary>How many tasks were asked to stop and still run.</summary>
    public int AskedToStop { get; internal init; }

    /// <summary>Items that the maps over this troupe have read and not yet yielded.</summary>
    public int WindowItems { get; internal init; }

    /// <summary>How many there may be: the windows of these maps together; 0 without a map.</summary>
    public int WindowSize { get; internal init; }

    /// <summary>The time that the next figures are about: since the explanation before, or since the troupe was made.</summary>
    public TimeSpan Over { get; internal init; }

    /// <summary>Tasks that ended in that time.</summary>
    public long Ended { get; internal init; }

    /// <summary>Workers that were replaced in that time.</summary>
    public int Restarts { get; internal init; }

    /// <summary>
    /// About how long a task that has its input waits for a worker, by Little's law: how many wait, divided by how many end in a second. How many
    /// wait is what waits now or, with an explanation before, the mean of then and now. Null, for unknown, if no task ended,
    /// or none was seen to wait.
    /// </summary>
    public TimeSpan? Wait { get; internal init; }

    /// <summary>About how long a worker is at a task: likewise, from how many run. Null, for unknown, if no task ended, or none was seen to run.</summary>
    public TimeSpan? Run { get; internal init; }

    internal string? BrokenBy { get; init; }

    internal long TakenAt { get; init; }

    internal int Ready => Snapshot.Waiting - WaitingForInput;

    internal int CountOf(WorkerState state) => Snapshot.Workers.Count(worker => worker.State == state);

    /// <summary>The paragraph, and the figures under it.</summary>
    /// <returns>The text; several lines.</returns>
    public override string ToString() => Text + Environment.NewLine + ExplanationText.FiguresOf(this);
}
