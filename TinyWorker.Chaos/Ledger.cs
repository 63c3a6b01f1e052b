using System.Collections.Concurrent;

namespace TinyWorker.Chaos;

/// <summary>Every task that was accepted in a round. The audit checks that each has ended, once, with an outcome that is allowed.</summary>
internal sealed class Ledger(Results results, RunCounts runs)
{
    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly bool[] _mayHaveRun = new bool[Round.Tasks];

    /// <summary>Tasks with one payload, one for every worker of a troupe.</summary>
    public void AddForEach(Stage stage, int id, IReadOnlyList<TinyFuture<Payload>> futures)
    {
        foreach (var future in futures)
        {
            // A worker that leaves for good takes its task with it.
            Add(new Entry(stage, id, input: null, siblings: futures.Count, isForEach: true) { MayBeCancelled = true }, future);
        }
    }

    public void Add(Entry entry, TinyFuture<Payload> future)
    {
        entry.Accepted(future);
        _entries.Enqueue(entry);
        Volatile.Write(ref _mayHaveRun[Round.TaskOf(entry.Id, entry.Stage.Number)], true);
        results.Accepted();
    }

    /// <summary>To be called before a map takes an item: the tasks of a map have no entry of their own.</summary>
    public void TakenByMap(int id, int troupe) => Volatile.Write(ref _mayHaveRun[Round.TaskOf(id, troupe)], true);

    /// <summary>Whether all tasks have ended and all callbacks were called.</summary>
    public bool HasSettled() => _entries.All(static entry => entry.Future.IsCompleted && entry.Ends > 0);

    /// <summary>To be called when the troupes are disposed.</summary>
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
                    results.Fail("lost", $"task {entry.Id} of '{entry.Stage.Troupe.Name}' has not ended: {future}");
                    continue;
            }

            if (entry.Ends != 1)
                results.Fail("ended twice", $"{entry.Ends} calls of the callback of task {entry.Id} of '{entry.Stage.Troupe.Name}'");
            if (Fault(entry) is { } fault) results.Fail("wrong", $"task {entry.Id} of '{entry.Stage.Troupe.Name}': {fault}; {future}");
            CheckRuns(entry.Stage, entry.Id, entry.Siblings);
            var ran = runs[Round.TaskOf(entry.Id, entry.Stage.Number)];
            results.Ended(entry, ran);
        }

        CheckKeys();

        foreach (var stage in stages) CheckSnapshot(stage, counts[stage.Number]);
        for (var task = 0; task < _mayHaveRun.Length; task++)
        {
            if (!_mayHaveRun[task] && runs[task] != 0)
                results.Fail("ran unaccepted", $"task {task} was refused, but ran {runs[task]} times");
            if (stages[Round.TroupeOf(task)].Plan.RunsInProcess) results.BegunByProcesses(runs[task]);
        }
    }

    /// <summary>What is wrong with an outcome; null if it is right.</summary>
    public string? FaultOf(Stage stage, int id, long value, Payload? result, Exception? exception, int siblings = 1)
    {
        var behaviour = stage.Plan.BehaviourOf(id);
        var ran = runs[Round.TaskOf(id, stage.Number)];
        switch (exception)
        {
            case null:
                if (behaviour != Behaviour.Work && !(behaviour == Behaviour.CrashOnce && stage.Attempts * siblings > 1))
                    return $"it succeeded, but its behaviour was {behaviour}";
                if (ran == 0) return "it succeeded, but never ran";
                var isItsOwn = result!.Value == value && result.Id == id && result.Padding.Length == Round.PaddingOf(id).Length;
                return isItsOwn ? null : $"the result {result.Value} is of another task";
            case FormatException:
                return behaviour == Behaviour.Throw && ran > 0 ? null : $"its behaviour was {behaviour}, and it ran {ran} times";
            case TimeoutException:
                return null;
            case WorkerCrashedException crash:
                return stage.Plan.RunsInProcess && crash.Attempts <= stage.Attempts ? null : $"{crash.Attempts} attempts";
            default:
                return "an exception that no worker throws: " + exception;
        }
    }

    /// <summary>Fails if the task ran more often than it has attempts.</summary>
    public void CheckRuns(Stage stage, int id, int siblings = 1)
    {
        var ran = runs[Round.TaskOf(id, stage.Number)];
        if (ran > stage.Attempts * siblings)
            results.Fail("run twice", $"task {id} of '{stage.Troupe.Name}' ran {ran} times in {stage.Attempts} attempts");
    }

    private string? Fault(Entry entry)
    {
        var future = entry.Future;
        if (entry.Input?.Future is { IsCompleted: true, Status: not TinyFutureStatus.Succeeded } input)
        {
            if (runs[Round.TaskOf(entry.Id, entry.Stage.Number)] != 0) return "it ran without an input";
            var mayBeCancelled = input.Status == TinyFutureStatus.Canceled || entry.MayBeCancelled || entry.Stage.MayBeAborted;
            var isAllowed = (future.Status == TinyFutureStatus.Canceled && mayBeCancelled)
                || (future.Status == TinyFutureStatus.Faulted && ReferenceEquals(future.Exception, input.Exception))
                || (entry.HasDeadline && future.Exception is TimeoutException);
            return isAllowed ? null : $"its input is {input}";
        }

        if (future.Status == TinyFutureStatus.Canceled)
            return entry.MayBeCancelled || entry.Stage.MayBeAborted ? null : "nobody cancelled it";
        var result = future.Status == TinyFutureStatus.Succeeded ? future.Result() : null;
        return FaultOf(entry.Stage, entry.Id, entry.Value, result, future.Exception, entry.Siblings);
    }

    // A worker notes what must not be: a task that begins while another with its key runs, or after a later one, or elsewhere. The code of
    // a task that was cancelled, or has passed its time, may go on after its end, and begin late.
    private void CheckKeys()
    {
        var noted = runs.Noted.ToArray();
        if (noted.Length == 0) return;
        var entries = _entries.Where(static entry => entry.Key >= 0).ToDictionary(entry => Round.TaskOf(entry.Id, entry.Stage.Number));
        foreach (var (kind, task, other) in noted)
        {
            var (its, others) = (entries.GetValueOrDefault(task), entries.GetValueOrDefault(other));
            var mayBeLate = MayBeLate(kind == KeyFault.Overlap ? others : its);
            if (mayBeLate) continue;
            results.Fail("wrong", $"{kind} of the key of task {task} ({its?.Future}): the other task is {other} ({others?.Future})");
        }
    }

    private static bool MayBeLate(Entry? entry) =>
        entry is null || entry.Future.Status == TinyFutureStatus.Canceled || entry.Future.Exception is TimeoutException;

    private void CheckSnapshot(Stage stage, (long Succeeded, long Faulted, long Canceled) counted)
    {
        var now = stage.Troupe.Snapshot();
        var (yielded, taken) = results.MapItemsOf(stage.Number);
        var byMaps = now.Accepted - counted.Succeeded - counted.Faulted - counted.Canceled;
        if (now.Waiting != 0 || now.Running != 0) results.Fail("lost", $"tasks are left in {stage.Troupe}");
        var isTooLow = now.Succeeded < counted.Succeeded || now.Faulted < counted.Faulted || now.Canceled < counted.Canceled;
        if (isTooLow || byMaps < yielded || byMaps > taken)
            results.Fail("wrong", $"{stage.Troupe} does not agree with the ledger: {counted}, and {yielded} to {taken} by maps");
    }
}
