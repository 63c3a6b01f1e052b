namespace TinyWorker.Tests.Model;

/// <summary>What the real troupe looks like at one moment.</summary>
internal sealed record Seen(
    Phase[] Phases, object?[] Ends, int[] Calls, (int Id, int Argument, int Worker)[] Started, int Made, int Left, bool[] Stops, TroupeSnapshot Counts, string[] Faults)
{
    /// <summary>In what it differs from a world; null if in nothing.</summary>
    public string? DifferenceFrom(World world)
    {
        if (Faults.Length > 0) return Faults[0];
        for (var id = 0; id < world.Nodes.Length; id++)
        {
            var node = world.Nodes[id];
            if (Phases[id] != node.Phase) return $"{node.Kind} {id} is {Phases[id]} and not {node.Phase}";
            if (node.Phase == Phase.Succeeded && !Equals(Ends[id], node.Value)) return $"{node.Kind} {id} is {Ends[id]} and not {node.Value}";
            var calls = node.HasEnded ? 2 * node.Callbacks : 0;
            if (Calls[id] != calls) return $"{node.Kind} {id} has called back {Calls[id]} times and not {calls} times";
        }

        return DifferenceOfStarts(world) ?? DifferenceOfCounts(world) ?? DifferenceOfWorkers(world);
    }

    private string? DifferenceOfStarts(World world)
    {
        if (Started.Length != world.Nodes.Count(node => node.HasStarted)) return $"{Started.Length} tasks have started: {string.Join(' ', Started)}";
        foreach (var (id, argument, _) in Started)
        {
            if (!world.Nodes[id].HasStarted) return $"task {id} has started";
            if (argument != world.Nodes[id].Argument) return $"task {id} was given {argument} and not {world.Nodes[id].Argument}";
        }

        if (world.Setup.Workers == 1 && !Started.Select(start => start.Id).SequenceEqual(world.Started))
            return $"tasks have started in the order {string.Join(' ', Started.Select(start => start.Id))} and not {string.Join(' ', world.Started)}";
        return Started.Select(start => start.Id).Distinct().Count() == Started.Length ? null : "a task has started twice";
    }

    private string? DifferenceOfCounts(World world)
    {
        var actual = (Counts.Capacity, Counts.Accepted, Counts.Waiting, Counts.Running, Counts.Succeeded, Counts.Faulted, Counts.Canceled);
        var expected = (world.Setup.Capacity, (long)world.Accepted, world.Waiting, world.Running,
            (long)world.CountTasks(Phase.Succeeded), (long)world.CountTasks(Phase.Faulted), (long)world.CountTasks(Phase.Canceled));
        if (actual != expected) return $"(capacity, accepted, waiting, running, succeeded, faulted, canceled) is {actual} and not {expected}";
        // What is killed is not abandoned.
        var abandoned = world.HandsAhead ? 0 : world.CountGivenUp;
        if (Counts.Abandoned != abandoned) return $"{Counts.Abandoned} workers are abandoned and not {abandoned}";
        return Array.TrueForAll(Stops, stop => stop == world.IsGone) ? null : $"teardowns have ended: {string.Join(' ', Stops)}, and not {world.IsGone}";
    }

    // Which worker does what is open; that each is busy with one task, and replaced when it is to be, is not.
    private string? DifferenceOfWorkers(World world)
    {
        var (setup, workers) = (world.Setup, Counts.Workers);
        if (workers.Count != setup.Workers || workers.Where((worker, i) => worker.Index != i).Any()) return "the workers are not those of the troupe";
        var busy = workers.Count(worker => worker.State == WorkerState.Busy);
        var idle = workers.Count(worker => worker.State == WorkerState.Idle);
        // A worker that is on its way out is stopped for whoever looks, but may still be given up for being slow.
        var expected = world.IsClosed && world.Waiting == 0 ? (world.Running, 0, setup.Workers - world.Running) : (world.Running, setup.Workers - world.Running, 0);
        if ((busy, idle, Left) != expected) return $"the workers that are busy, idle and gone are {(busy, idle, Left)} and not {expected}";

        var usedUp = 0;
        foreach (var tasks in Started.GroupBy(start => start.Worker))
        {
            if (tasks.Count() > setup.MaxTasks) return $"one worker has had {tasks.Count()} tasks";
            if (tasks.Any(task => world.Nodes[task.Id].IsGivenUp) || (tasks.Count() == setup.MaxTasks && tasks.All(task => world.Nodes[task.Id].HasEnded))) usedUp++;
        }

        if (world.HandsAhead && !world.IsClosed && workers.Any(worker => worker.ProcessId is null)) return "a worker has no process";
        if (world.IsClosed) return Made <= setup.Workers + usedUp ? null : $"{Made} workers were made, and {usedUp} used up";
        var restarts = workers.Sum(worker => worker.Restarts);
        return (Made, restarts) == (setup.Workers + usedUp, usedUp) ? null : $"{Made} workers were made, {restarts} in place of others, and {usedUp} used up";
    }
}
