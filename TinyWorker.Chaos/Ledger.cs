using System.Collections.Concurrent;

namespace TinyWorker.Chaos;

/// <summary>What was accepted in a round, and whether all of it has ended as it may.</summary>
internal sealed class Ledger(Figures figures, RunCounts runs)
{
    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly bool[] _mayHaveRun = new bool[Round.Tasks];

    public void Add(Entry entry, TinyFuture<Parcel> future)
    {
        entry.Accepted(future);
        _entries.Enqueue(entry);
        Volatile.Write(ref _mayHaveRun[Round.TaskOf(entry.Journey, entry.Stage.Number)], true);
        figures.Accepted();
    }

    /// <summary>Before a map takes an item: what it submits is not seen one by one.</summary>
    public void TakenByMap(int journey, int troupe) => Volatile.Write(ref _mayHaveRun[Round.TaskOf(journey, troupe)], true);

    /// <summary>Whether all have ended, and have told so.</summary>
    public bool HasSettled() => _entries.All(static entry => entry.Future.IsCompleted && entry.Ends > 0);

    /// <summary>To be called when the troupes are gone.</summary>
    public void Audit(Stage[] stages)
    {
        var counts = new (long Succeeded, long Faulted, long Canceled)[stages.Length];
        foreach (var entry in _entries)
        {
            var future = entry.Future;
            ref var count = ref counts[entry.Stage.Number];
            switch (future.Status)
            {
                case TinyFutureStatus.Succeeded:
                    count.Succeeded++;
                    break;
                case TinyFutureStatus.Faulted:
                    count.Faulted++;
                    break;
                case TinyFutureStatus.Canceled:
                    count.Canceled++;
                    break;
                default:
                    figures.Fail("lost", $"task {entry.Journey} of '{entry.Stage.Troupe.Name}' has not ended: {future}");
                    continue;
            }

            if (entry.Ends != 1) figures.Fail("ended twice", $"task {entry.Journey} of '{entry.Stage.Troupe.Name}' told {entry.Ends} times that it has ended");
            if (Fault(entry) is { } fault) figures.Fail("wrong", $"task {entry.Journey} of '{entry.Stage.Troupe.Name}': {fault}; {future}");
            CheckRuns(entry.Stage, entry.Journey);
            figures.Ended(future.Status, entry.Stage.Plan.DeedOf(entry.Journey), future.Exception, runs[Round.TaskOf(entry.Journey, entry.Stage.Number)]);
        }

        foreach (var stage in stages) CheckSnapshot(stage, counts[stage.Number]);
        for (var task = 0; task < _mayHaveRun.Length; task++)
        {
            if (!_mayHaveRun[task] && runs[task] != 0) figures.Fail("ran unaccepted", $"task {task} was refused, and ran {runs[task]} times");
            if (stages[Round.TroupeOf(task)].Plan.IsMortal) figures.BegunByProcesses(runs[task]);
        }
    }

    /// <summary>What is wrong about an end; null if nothing is.</summary>
    public string? FaultOf(Stage stage, int journey, long value, Parcel? result, Exception? exception)
    {
        var deed = stage.Plan.DeedOf(journey);
        var ran = runs[Round.TaskOf(journey, stage.Number)];
        switch (exception)
        {
            case null:
                if (deed != Deed.Work && !(deed == Deed.DieOnce && stage.Attempts > 1)) return $"it succeeded, although it was to {deed}";
                if (ran == 0) return "it succeeded, but was never run";
                if (result!.Value != value || result.Journey != journey || result.Ballast.Length != Round.BallastOf(journey).Length) return $"not its own result: {result.Value}";
                return null;
            case FormatException:
                return deed == Deed.Throw && ran > 0 ? null : $"it was to {deed} and ran {ran} times";
            case TimeoutException:
                return null;
            case WorkerCrashedException crash:
                return stage.Plan.IsMortal && crash.Attempts <= stage.Attempts ? null : $"{crash.Attempts} attempts";
            default:
                return "an exception that nobody threw: " + exception;
        }
    }

    /// <summary>No more often than there are attempts.</summary>
    public void CheckRuns(Stage stage, int journey)
    {
        var ran = runs[Round.TaskOf(journey, stage.Number)];
        if (ran > stage.Attempts) figures.Fail("run twice", $"task {journey} of '{stage.Troupe.Name}' ran {ran} times in {stage.Attempts} attempts");
    }

    private string? Fault(Entry entry)
    {
        var future = entry.Future;
        if (entry.Input?.Future is { IsCompleted: true, Status: not TinyFutureStatus.Succeeded } input)
        {
            if (runs[Round.TaskOf(entry.Journey, entry.Stage.Number)] != 0) return "it ran without an input";
            var isCancelled = future.Status == TinyFutureStatus.Canceled && (input.Status == TinyFutureStatus.Canceled || entry.MayBeCancelled || entry.Stage.MayBeAborted);
            return isCancelled || (future.Status == TinyFutureStatus.Faulted && ReferenceEquals(future.Exception, input.Exception)) ? null : $"its input is {input}";
        }

        if (future.Status == TinyFutureStatus.Canceled) return entry.MayBeCancelled || entry.Stage.MayBeAborted ? null : "nobody cancelled it";
        return FaultOf(entry.Stage, entry.Journey, entry.Value, future.Status == TinyFutureStatus.Succeeded ? future.Result() : null, future.Exception);
    }

    private void CheckSnapshot(Stage stage, (long Succeeded, long Faulted, long Canceled) counted)
    {
        var now = stage.Troupe.Snapshot();
        var (yielded, taken) = figures.MapItemsOf(stage.Number);
        var byMaps = now.Accepted - counted.Succeeded - counted.Faulted - counted.Canceled;
        if (now.Waiting != 0 || now.Running != 0) figures.Fail("lost", $"left in {stage.Troupe}");
        if (now.Succeeded < counted.Succeeded || now.Faulted < counted.Faulted || now.Canceled < counted.Canceled || byMaps < yielded || byMaps > taken)
            figures.Fail("wrong", $"{stage.Troupe} does not agree with the ledger: {counted}, and {yielded} to {taken} by maps");
    }
}
