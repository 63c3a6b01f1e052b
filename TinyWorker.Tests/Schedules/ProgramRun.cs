namespace TinyWorker.Tests.Schedules;

/// <summary>One run of a program under one schedule: the program's troupes, clock and random numbers.</summary>
internal sealed class ProgramRun(bool onPool, int seed)
{
    private readonly List<LedgerTroupe> _troupes = [];

    /// <summary>
    /// For choices that the schedule leaves open. Only the thread that has the turn uses it, so the numbers depend on the seed alone.
    /// </summary>
    public Random Random { get; } = new(~seed);

    /// <summary>The clock of all troupes. It moves only when the program moves it.</summary>
    public ManualClock Clock { get; } = new();

    /// <summary>Where the workers live.</summary>
    public TinyTroupeOptions Backend => onPool ? new PoolTroupeOptions() : new ThreadTroupeOptions();

    /// <summary>
    /// Makes a troupe; <see cref="End"/> disposes it. Its workers first await <paramref name="before"/>, and then call
    /// <paramref name="inside"/>. <paramref name="before"/> must await futures only: the scheduler does not own the code that follows an
    /// await of a framework's task.
    /// </summary>
    public LedgerTroupe Troupe(
        int workers = 1, int capacity = 8, TimeSpan? timeout = null, int? tasksPerWorker = null, bool cannotStart = false,
        bool replacesHungWorkers = true, int attempts = 1, TimeSpan retryDelay = default, TimeSpan? grace = null, int? least = null,
        Action<int>? inside = null, Func<int, Task>? before = null)
    {
        var troupe = new LedgerTroupe(this, $"t{_troupes.Count}", cannotStart, inside, before);
        _troupes.Add(troupe);
        troupe.Start(Backend with
        {
            Name = troupe.Name, Workers = workers, Capacity = capacity, TaskTimeout = timeout, MaxTasksPerWorker = tasksPerWorker,
            MinWorkers = least, TimeProvider = Clock, ReplaceHungWorkers = replacesHungWorkers,
            CancellationGrace = grace ?? TinyTroupeOptions.DefaultCancellationGrace,
            MaxAttempts = attempts, RetryWhen = static e => e is ArithmeticException, RetryDelay = retryDelay,
        });
        return troupe;
    }

    /// <summary>Runs each step on a thread of its own, and goes on when all have ended.</summary>
    public static void Together(params Action[] steps)
    {
        var running = steps.Length;
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            Scheduler.StartThread("step " + i, () =>
            {
                step();
                running--;
            });
        }

        Scheduler.Until(() => running == 0, "all steps have ended");
    }

    /// <summary>Ends the program: drains and disposes every troupe.</summary>
    public void End()
    {
        foreach (var troupe in _troupes) troupe.Dispose();
    }

    /// <summary>Throws if something is wrong. Called when every thread has ended.</summary>
    public void Check()
    {
        foreach (var troupe in _troupes) troupe.Check();
        if (Clock.Armed > 0) throw new AssertionException($"{Clock.Armed} timers are left.");
    }
}
