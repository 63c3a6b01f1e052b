namespace TinyWorker.Tests.Schedules;

/// <summary>
/// One thread of a schedule: a step of the program, a worker's thread, or an item of the pool. It runs only while it has the turn.
/// Only the thread that has the turn uses these objects, so they need no lock.
/// </summary>
internal sealed class ScheduledThread(int number, string name, ReusableThread runner)
{
    /// <summary>The real thread that runs it.</summary>
    public ReusableThread Runner => runner;

    /// <summary>For strategies that order the threads: the highest priority runs first.</summary>
    public int Priority { get; set; }

    /// <summary>The monitor on which the thread waits, until another thread pulses the monitor.</summary>
    public object? ParkedOn { get; set; }

    /// <summary>The condition for the thread to go on. It changes nothing and passes no point.</summary>
    public Func<bool>? Until { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>The last point that the thread passed.</summary>
    public CodeLocation Location { get; set; }

    public bool IsReady => !HasEnded && ParkedOn is null && (Until is null || Until());

    public override string ToString() => $"{number}:{name}";
}

/// <summary>A line of the core, or a description (with line 0) of what a program waits for.</summary>
internal readonly record struct CodeLocation(string File, int Line)
{
    public override string ToString() => Line == 0 ? File : $"{Path.GetFileName(File)}:{Line}";
}
