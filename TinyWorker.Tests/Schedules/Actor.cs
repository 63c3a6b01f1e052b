namespace TinyWorker.Tests.Schedules;

/// <summary>
/// One thread of a schedule: a step of the program, a worker's thread, or an item of the pool. It goes on when it has the turn, and only then.
/// Used by who has the turn, which needs no lock.
/// </summary>
internal sealed class Actor(int number, string name, ActorThread thread)
{
    public int Number => number;

    public string Name => name;

    public ActorThread Thread => thread;

    /// <summary>For the strategies that order the actors: the highest goes first.</summary>
    public int Priority { get; set; }

    /// <summary>The monitor that it waits on, until somebody pulses it.</summary>
    public object? ParkedOn { get; set; }

    /// <summary>What must be so before it goes on. It changes nothing and reaches no point.</summary>
    public Func<bool>? Until { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>Where it was last.</summary>
    public Place Place { get; set; }

    public bool IsReady => !HasEnded && ParkedOn is null && (Until is null || Until());

    public override string ToString() => $"{number}:{name}";
}
