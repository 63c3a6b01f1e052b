using System.Diagnostics;

namespace TinyWorker.Chaos;

/// <summary>What a worker needs to know of the troupe that it is in; it travels into worker processes.</summary>
/// <param name="Seed">The seed of the round.</param>
/// <param name="Troupe">The troupe's number.</param>
/// <param name="IsMortal">Whether its workers are processes.</param>
/// <param name="Counts">The file with the counts of the runs.</param>
internal sealed record DeskPlan(long Seed, int Troupe, bool IsMortal, string Counts)
{
    public Deed DeedOf(int journey) => Plan.DeedOf(Seed, Troupe, IsMortal, journey);
}

/// <summary>The part of a worker that blocking and asynchronous ones share.</summary>
internal sealed class Desk : IDisposable
{
    private static int s_open;
    private static TaskCompletionSource s_end = NewEnd();

    private readonly DeskPlan _plan;
    private readonly RunCounts _counts;

    public Desk(DeskPlan plan)
    {
        _plan = plan;
        _counts = new RunCounts(plan.Counts);
        Interlocked.Increment(ref s_open);
    }

    /// <summary>Workers of this process that were made and have not been disposed.</summary>
    public static int Open => Volatile.Read(ref s_open);

    /// <summary>Ends when the hung workers of this process are let go. In a worker process it never does.</summary>
    public static Task End => s_end.Task;

    public static void LetTheHungGo() => Interlocked.Exchange(ref s_end, NewEnd()).SetResult();

    /// <summary>Counts the run, and says what to do. Does not come back if that is to die.</summary>
    public Deed Begin(Parcel parcel)
    {
        var run = _counts.Count(Round.TaskOf(parcel.Journey, _plan.Troupe));
        var deed = _plan.DeedOf(parcel.Journey);
        if (deed == Deed.Throw) throw new FormatException("on purpose");
        if (deed == Deed.Die || (deed == Deed.DieOnce && run == 1)) Die(parcel.Journey);
        return deed;
    }

    public Parcel Pass(Parcel parcel)
    {
        Thread.SpinWait(Plan.SpinsOf(_plan.Seed, _plan.Troupe, parcel.Journey));
        return parcel with { Value = Plan.Passed(parcel.Value, _plan.Troupe) };
    }

    public void Dispose()
    {
        _counts.Dispose();
        if (Interlocked.Decrement(ref s_open) < 0) throw new InvalidOperationException("A worker was disposed twice.");
    }

    private static void Die(int journey)
    {
        switch (journey % 4)
        {
            case 0:
                Environment.Exit(3);
                break;
            case 1:
                Environment.FailFast("on purpose");
                break;
            case 2:
                _ = Overflow(0);
                break;
            default:
                Process.GetCurrentProcess().Kill();
                break;
        }
    }

    private static int Overflow(int depth) => depth < 0 ? 0 : Overflow(depth + 1) + 1;

    private static TaskCompletionSource NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
