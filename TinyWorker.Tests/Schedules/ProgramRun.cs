namespace TinyWorker.Tests.Schedules;

/// <summary>What a program works with, in one run under one schedule.</summary>
internal sealed class ProgramRun(bool onPool, int seed)
{
    private readonly List<LedgerTroupe> _troupes = [];

    /// <summary>For what the schedule leaves open. Asked by who has the turn, so that the answers depend on the seed alone.</summary>
    public Random Random { get; } = new(~seed);

    /// <summary>The clock of all troupes: time passes when the program says so.</summary>
    public ManualClock Clock { get; } = new();

    /// <summary>
    /// A troupe; <see cref="End"/> disposes it. Its workers first await what is to be <paramref name="before"/>, which must await futures only (what
    /// follows a task of the framework's is not the scheduler's), and do what is to be done <paramref name="inside"/>.
    /// </summary>
    public LedgerTroupe Troupe(
        int workers = 1, int capacity = 8, TimeSpan? timeout = null, int? tasksPerWorker = null, bool cannotStart = false,
        Action<int>? inside = null, Func<int, Task>? before = null)
    {
        var troupe = new LedgerTroupe(this, $"t{_troupes.Count}", cannotStart, inside, before);
        _troupes.Add(troupe);
        troupe.Start(onPool
            ? new PoolTroupeOptions
            {
                Name = troupe.Name, Workers = workers, Capacity = capacity, TaskTimeout = timeout, MaxTasksPerWorker = tasksPerWorker, TimeProvider = Clock,
            }
            : new ThreadTroupeOptions
            {
                Name = troupe.Name, Workers = workers, Capacity = capacity, TaskTimeout = timeout, MaxTasksPerWorker = tasksPerWorker, TimeProvider = Clock,
            });
        return troupe;
    }

    /// <summary>Runs the steps on a thread each, and goes on when all have ended.</summary>
    public static void Together(params Action[] steps)
    {
        var left = steps.Length;
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            Scheduler.Go("step " + i, () =>
            {
                step();
                left--;
            });
        }

        Scheduler.Until(() => left == 0, "all steps have ended");
    }

    /// <summary>The end of the program: drains and disposes every troupe.</summary>
    public void End()
    {
        foreach (var troupe in _troupes) troupe.Dispose();
    }

    /// <summary>When every thread has ended: throws if something is not as it should be.</summary>
    public void Check()
    {
        foreach (var troupe in _troupes) troupe.Check();
        if (Clock.Armed > 0) throw new AssertionException($"{Clock.Armed} timers are left.");
    }
}
