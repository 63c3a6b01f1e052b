using TinyWorker.Diagnostics;

namespace TinyWorker;

/// <summary>What holds a troupe up, in a paragraph, and the figures that show it; see
/// <see cref="TinyTroupe{TIn, TOut}.Explain"/>.</summary>
public sealed record TroupeExplanation
{
    internal TroupeExplanation()
    {
    }

    /// <summary>What holds the troupe up, in a word.</summary>
    public TroupeCondition Condition { get; internal init; }

    /// <summary>The same in a paragraph, with what to change.</summary>
    public string Text => OwnText ?? (Parts.Count == 0 ? ExplanationText.Of(this) : PartsText.Of(this));

    /// <summary>The counts at the moment of the explanation.</summary>
    public required TroupeSnapshot Snapshot { get; init; }

    /// <summary>How many of the waiting tasks have no input yet.</summary>
    public int WaitingForInput { get; internal init; }

    /// <summary>How many tasks were asked to stop and still run.</summary>
    public int AskedToStop { get; internal init; }

    /// <summary>Items that the maps over this troupe have read and not yet yielded.</summary>
    public int WindowItems { get; internal init; }

    /// <summary>How many such items there may be: the windows of these maps together; 0 without a map.</summary>
    public int WindowSize { get; internal init; }

    /// <summary>The time that the next figures cover: since the explanation before, or since the troupe was made.</summary>
    public TimeSpan Over { get; internal init; }

    /// <summary>Tasks that ended in that time.</summary>
    public long Ended { get; internal init; }

    /// <summary>Workers that were replaced in that time.</summary>
    public int Restarts { get; internal init; }

    /// <summary>
    /// About how long a task that has its input waits for a worker, by Little's law: the number of tasks that wait, divided by the number
    /// that end in a second. The number that wait is that of now or, with an explanation before, the mean of then and now. Null (unknown)
    /// if no task ended, or none was seen to wait.
    /// </summary>
    public TimeSpan? Wait { get; internal init; }

    /// <summary>
    /// About how long a task runs, by the same law, from the number of tasks that run. Null (unknown) if no task ended, or none was seen
    /// to run.
    /// </summary>
    public TimeSpan? Run { get; internal init; }

    /// <summary>Of the troupes that this one is composed of; none if it has workers of its own.</summary>
    internal IReadOnlyList<TroupeExplanation> Parts { get; init; } = [];

    internal int ReplacedSoFar { get; init; }

    internal int EmptyPlaces { get; init; }

    /// <summary>How many workers there may be; 0 if that is as many as there are.</summary>
    internal int MaxWorkers => Snapshot.MaxWorkers;

    /// <summary>Whether the troupe may make more workers.</summary>
    internal bool MayGrow => Snapshot.Workers.Count < MaxWorkers;

    internal TimeSpan StartPatience { get; init; }

    internal Exception? FailedBy { get; init; }

    internal long TakenAt { get; init; }

    /// <summary>Which troupe it explains: names are not unique. It keeps no troupe alive.</summary>
    internal object? Troupe { get; init; }

    internal int Pausing { get; init; }

    internal int Ready => Math.Max(0, Snapshot.Waiting - WaitingForInput - Pausing);

    internal int CountOf(WorkerState state) => Snapshot.Workers.Count(worker => worker.State == state);

    /// <summary>The paragraph of a troupe that is neither one of workers nor a composed one; else null.</summary>
    internal string? OwnText { get; init; }

    /// <summary>The figures under it.</summary>
    internal string? OwnFigures { get; init; }

    /// <summary>The paragraph, and the figures under it.</summary>
    /// <returns>The text; several lines.</returns>
    public override string ToString() =>
        Text + Environment.NewLine
        + (OwnFigures ?? (Parts.Count == 0 ? ExplanationText.FiguresOf(this) : PartsText.FiguresOf(this)));
}
