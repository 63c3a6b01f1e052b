using System.Diagnostics;

namespace TinyWorker.Chaos;

/// <summary>What a worker needs to know about its troupe. It is copied to worker processes.</summary>
/// <param name="Seed">The seed of the round.</param>
/// <param name="Troupe">The troupe's number.</param>
/// <param name="RunsInProcess">Whether its workers are processes.</param>
/// <param name="Counts">The file with the counts of the runs.</param>
/// <param name="IsResized">Whether the number of workers changes, and with it the place of a key.</param>
internal sealed record WorkerPlan(long Seed, int Troupe, bool RunsInProcess, string Counts, bool IsResized)
{
    public int KeyOf(int id) => Plan.KeyOf(Seed, Troupe, id);

    public Behaviour BehaviourOf(int id) => Plan.BehaviourOf(Seed, Troupe, RunsInProcess, id);
}

/// <summary>What blocking and asynchronous workers share.</summary>
internal sealed class WorkerCore : IDisposable
{
    private static int s_alive;
    private static TaskCompletionSource s_hungReleased = NewSource();

    private readonly WorkerPlan _plan;
    private readonly int _place;
    private readonly RunCounts _counts;

    public WorkerCore(WorkerPlan plan, int place)
    {
        _plan = plan;
        _place = place;
        _counts = new RunCounts(plan.Counts);
        Interlocked.Increment(ref s_alive);
    }

    /// <summary>How many workers of this process were made and are not yet disposed.</summary>
    public static int Alive => Volatile.Read(ref s_alive);

    /// <summary>Ends when <see cref="ReleaseHung"/> is called. In a worker process it never ends.</summary>
    public static Task HungReleased => s_hungReleased.Task;

    public static void ReleaseHung() => Interlocked.Exchange(ref s_hungReleased, NewSource()).SetResult();

    /// <summary>Counts the run and returns what to do. Does not return if the worker is to crash.</summary>
    public Behaviour Begin(Payload payload)
    {
        var task = Round.TaskOf(payload.Id, _plan.Troupe);
        var run = _counts.Count(task);
        if (_plan.KeyOf(payload.Id) is var key and >= 0) _counts.BeginOfKey(task, key, _plan.IsResized ? 0 : _place);
        var behaviour = _plan.BehaviourOf(payload.Id);
        if (behaviour == Behaviour.Throw) throw new FormatException("on purpose");
        if (behaviour == Behaviour.Crash || (behaviour == Behaviour.CrashOnce && run == 1)) Crash(payload.Id);
        return behaviour;
    }

    public Payload Finish(Payload payload)
    {
        Thread.SpinWait(Plan.SpinsOf(_plan.Seed, _plan.Troupe, payload.Id));
        return payload with { Value = Plan.Transformed(payload.Value, _plan.Troupe) };
    }

    /// <summary>To be called when the code of a task ends, however it does.</summary>
    public void End(Payload payload)
    {
        if (_plan.KeyOf(payload.Id) is var key and >= 0) _counts.EndOfKey(Round.TaskOf(payload.Id, _plan.Troupe), key);
    }

    public void Dispose()
    {
        _counts.Dispose();
        if (Interlocked.Decrement(ref s_alive) < 0) throw new InvalidOperationException("A worker was disposed twice.");
    }

    private static void Crash(int id)
    {
        switch (id % 4)
        {
            case 0:
                Environment.Exit(3);
                break;
            case 1:
                Environment.FailFast("on purpose");
                break;
            case 2:
                _ = OverflowTheStack(0);
                break;
            default:
                Process.GetCurrentProcess().Kill();
                break;
        }
    }

    private static int OverflowTheStack(int depth) => depth < 0 ? 0 : OverflowTheStack(depth + 1) + 1;

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
