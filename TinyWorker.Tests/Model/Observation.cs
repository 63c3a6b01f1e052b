namespace TinyWorker.Tests.Model;

/// <summary>What can be seen of the real troupe at one moment.</summary>
internal sealed record Observation(
    Phase[] Phases, object?[] Results, int[] Calls, Start[] Started, int Made, int Gone, bool[] Teardowns, TroupeSnapshot Counts,
    bool IsPaused, int Most, string[] Faults)
{
    /// <summary>The first difference from a state of the model; null if there is none.</summary>
    public string? DifferenceFrom(ModelState state)
    {
        if (Faults.Length > 0) return Faults[0];
        for (var id = 0; id < state.Futures.Length; id++)
        {
            var future = state.Futures[id];
            if (Phases[id] != future.Phase) return $"{future.Kind} {id} is {Phases[id]} and not {future.Phase}";
            if (future.Phase == Phase.Succeeded && !Equals(Results[id], future.Value))
                return $"{future.Kind} {id} is {Results[id]} and not {future.Value}";
            var calls = future.HasEnded ? 2 * future.Callbacks : 0;
            if (Calls[id] != calls) return $"{future.Kind} {id} has called back {Calls[id]} times and not {calls} times";
        }

        return DifferenceOfStarts(state) ?? DifferenceOfCounts(state) ?? DifferenceOfWorkers(state);
    }

    private string? DifferenceOfStarts(ModelState state)
    {
        int[] ids = [.. Started.Select(start => start.Id)];
        var last = Started.GroupBy(start => start.Id)
            .ToDictionary(starts => starts.Key, starts => (Count: starts.Count(), Last: starts.Last()));
        for (var id = 0; id < state.Futures.Length; id++)
        {
            var future = state.Futures[id];
            var (count, start) = last.GetValueOrDefault(id);
            if (count != future.Starts)
                return $"task {id} was started {count} times, and not {future.Starts} times: {string.Join(' ', ids)}";
            if (start is null) continue;
            if (start.Argument != future.Argument) return $"task {id} was given {start.Argument} and not {future.Argument}";
            if (future.At >= 0 && start.Place != future.At) return $"task {id} was started by worker {start.Place} and not by {future.At}";
        }

        if (state.Setup.Workers == 1 && !state.IsResized && !ids.SequenceEqual(state.Started))
            return $"tasks have started in the order {string.Join(' ', ids)} and not {string.Join(' ', state.Started)}";
        for (var i = 0; i < ModelState.Keys.Length; i++)
        {
            var ofKey = ids.Where(id => state.Futures[id].Key == ModelState.Keys[i]);
            if (ofKey.SequenceEqual(state.StartedOfKeys[i])) continue;
            var expected = string.Join(' ', state.StartedOfKeys[i]);
            return $"tasks of one key have started in the order {string.Join(' ', ofKey)} and not {expected}";
        }

        return null;
    }

    private string? DifferenceOfCounts(ModelState state)
    {
        if (IsPaused != state.IsPaused) return $"it is {(IsPaused ? "" : "not ")}paused";
        var actual = (Counts.Capacity, Counts.Accepted, Counts.Waiting, Counts.Running, Counts.Succeeded, Counts.Faulted, Counts.Canceled);
        var expected = (state.Setup.Capacity, (long)state.Accepted, state.Waiting, state.Running,
            (long)state.CountTasks(Phase.Succeeded), (long)state.CountTasks(Phase.Faulted), (long)state.CountTasks(Phase.Canceled));
        if (actual != expected)
            return $"(capacity, accepted, waiting, running, succeeded, faulted, canceled) is {actual} and not {expected}";
        // A worker process is killed, not abandoned.
        var abandoned = state.Prefetches ? 0 : state.CountAbandoned;
        if (Counts.Abandoned != abandoned) return $"{Counts.Abandoned} workers are abandoned and not {abandoned}";
        return Array.TrueForAll(Teardowns, hasEnded => hasEnded == state.IsTornDown)
            ? null
            : $"teardowns have ended: {string.Join(' ', Teardowns)}, and not {state.IsTornDown}";
    }

    // Any worker may have any task. But each has one task at a time, and is replaced when it is used up.
    private string? DifferenceOfWorkers(ModelState state)
    {
        var (setup, workers) = (state.Setup, Counts.Workers);
        if (Most != state.Most) return $"there may be {Most} workers and not {state.Most}";
        var present = 0;
        foreach (var worker in workers)
        {
            if (present >> worker.Index != 0) return $"the workers are {string.Join(' ', workers.Select(each => each.Index))}";
            present |= 1 << worker.Index;
        }

        // Once a troupe ends, it shows those who were there, also if they were too many. And a place whose worker is used up may have a task
        // left that ends only after the pause.
        var hasOthers = present != state.Present;
        var mayHaveOthers = (state.IsClosed && state.IsResized) || (state.IsPaused && state.MayDropTasks);
        if (hasOthers && !mayHaveOthers) return $"the workers are {present:b} and not {state.Present:b} (as bits)";
        foreach (var worker in workers)
        {
            var isBusy = (state.Busy & (1 << worker.Index)) != 0;
            if (worker.State == WorkerState.Busy != isBusy) return $"worker {worker.Index} is {worker.State}";
        }

        var busy = workers.Count(worker => worker.State == WorkerState.Busy);
        var idle = workers.Count(worker => worker.State == WorkerState.Idle);
        // A worker that is leaving counts as gone here, but if it is slow it may still be abandoned.
        var notBusy = workers.Count - state.Running;
        var mayLeave = state.IsClosed && state.Waiting == 0;
        var expected = mayLeave ? (state.Running, 0, notBusy) : (state.Running, notBusy, 0);
        // A task that may lose its process may have to wait again. Workers stay for it, but for one that was due to be replaced when the
        // troupe was aborted.
        if (mayLeave && state.MayRunAgain && state.Running > 0 && idle + Gone == notBusy) expected = (state.Running, idle, Gone);
        if ((busy, idle, Gone) != expected) return $"the workers that are busy, idle and gone are {(busy, idle, Gone)} and not {expected}";

        var usedUp = 0;
        var running = Started.Where(start => state.Futures[start.Id].Phase == Phase.Running).GroupBy(start => start.Id)
            .Select(starts => starts.Last()).ToHashSet(ReferenceEqualityComparer.Instance);
        // The attempts before the last one have left their workers as they were.
        var lasts = Started.GroupBy(start => start.Id).Select(starts => starts.Last()).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var tasks in Started.GroupBy(start => start.Worker))
        {
            if (tasks.Count() > setup.MaxTasks) return $"one worker has had {tasks.Count()} tasks";
            var hadAll = tasks.Count() == setup.MaxTasks && !tasks.Any(running.Contains);
            if (hadAll || tasks.Any(task => lasts.Contains(task) && state.Futures[task.Id].IsAbandoned)) usedUp++;
        }

        if (state.Prefetches && !state.IsClosed && workers.Any(worker => worker.ProcessId is null)) return "a worker has no process";
        var needed = setup.Workers + state.Grown;
        if (state.IsClosed || state.IsResized)
        {
            // A worker that is one too many is not replaced when it is used up, and may leave before it was made at the start.
            return Made <= needed + usedUp
                ? null
                : $"{Made} workers were made, {needed} were needed, and {usedUp} used up";
        }

        var restarts = workers.Sum(worker => worker.Restarts);
        return (Made, restarts) == (needed + usedUp, usedUp)
            ? null
            : $"{Made} workers were made, {restarts} in place of others, and {usedUp} used up";
    }
}
