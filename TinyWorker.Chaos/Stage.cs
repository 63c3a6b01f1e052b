using Microsoft.Extensions.Logging.Abstractions;

namespace TinyWorker.Chaos;

/// <summary>One troupe of a round.</summary>
internal sealed class Stage
{
    private const int MostAtAll = 5;

    private readonly RunCounts _runs;
    private readonly int[] _lastInKey = new int[Chaos.Plan.Keys];
    private int _pastTheBound;

    private Stage(WorkerPlan plan, RunCounts runs, TinyTroupeOptions options, bool awaits)
    {
        _runs = runs;
        Plan = plan;
        Attempts = options.MaxAttempts;
        MinWorkers = options.MinWorkers ?? 1;
        MostWorkers = plan.IsResized ? MostAtAll : options.Workers;
        Troupe = awaits
            ? new TinyTroupe<Payload, Payload>(info => new AwaitingWorker(plan, info.Index), options)
            : new TinyTroupe<Payload, Payload>(info => new BlockingWorker(plan, info.Index), options);
    }

    public WorkerPlan Plan { get; }

    public int Number => Plan.Troupe;

    /// <summary>How often a task may run.</summary>
    public int Attempts { get; }

    public TinyTroupe<Payload, Payload> Troupe { get; }

    /// <summary>How many workers it may ever have.</summary>
    public int MostWorkers { get; }

    public int MinWorkers { get; }

    /// <summary>How many tasks may have passed the bound so far.</summary>
    public int PastTheBound => Volatile.Read(ref _pastTheBound);

    /// <summary>Whoever submits a task with a key has this lock: so the tasks are accepted in the order of their numbers.</summary>
    public SemaphoreSlim[] Locks { get; } = [.. Enumerable.Range(0, Chaos.Plan.Keys).Select(static _ => new SemaphoreSlim(1))];

    /// <summary>To be called before a task is submitted that may pass the bound.</summary>
    public void MayPassTheBound(int tasks) => Interlocked.Add(ref _pastTheBound, tasks);

    /// <summary>Gives the task its place among those with its key, for its worker to see.</summary>
    /// <returns>The key; null if it has none.</returns>
    public string? OrderInKey(Entry entry)
    {
        if (entry.Key < 0) return null;
        // The order of a task with an unfinished input is that in which the inputs end.
        var order = entry.Input is null ? Interlocked.Increment(ref _lastInKey[entry.Key]) : -1;
        _runs.SetOrder(Round.TaskOf(entry.Id, Number), order);
        return $"key {entry.Key}";
    }

    /// <summary>Set before the troupe may be aborted: from then on every task of the troupe may be cancelled.</summary>
    public bool MayBeAborted { get; set; }

    /// <summary>Makes the five troupes: threads, processes and the pool, with blocking and with asynchronous workers.</summary>
    public static Stage[] MakeAll(long seed, string counts, RunCounts runs, Random random)
    {
        // Each of these capacities once. With a capacity of 1 one task waits, and the next submitter waits until that task starts.
        int[] capacities = [1, 2, 16, 1024];
        random.Shuffle(capacities);
        return
        [
            new(Plan(0, runsInProcess: false), runs, Elastic(new ThreadTroupeOptions
            {
                Name = Round.Prefix + "thread", Workers = Workers(), Capacity = capacities[0],
                TaskTimeout = Timeout(), CancellationGrace = Grace(), ReplaceHungWorkers = true,
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }), awaits: false),
            new(Plan(1, runsInProcess: true), runs, Elastic(Process("process", workers: 1, 256, attempts: 1)), awaits: false),
            new(Plan(2, runsInProcess: false), runs, Elastic(new PoolTroupeOptions
            {
                Name = Round.Prefix + "pool", Workers = Workers(), Capacity = capacities[2],
                TaskTimeout = Timeout(), CancellationGrace = Grace(), ReplaceHungWorkers = true,
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }), awaits: true),
            new(Plan(3, runsInProcess: true), runs, Elastic(Process("again", Workers(), capacities[1], attempts: 3)), awaits: true),
            new(Plan(4, runsInProcess: false), runs, Elastic(new ThreadTroupeOptions
            {
                Name = Round.Prefix + "awaiting", Workers = Workers(), Capacity = capacities[3],
                TaskTimeout = Timeout(), CancellationGrace = Grace(), ReplaceHungWorkers = true,
                MaxAttempts = 3, RetryWhen = static e => e is not OperationCanceledException, RetryDelay = Pause(),
                ReplaceWorkerWhen = static e => e.Message.Length % 2 == 0,
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }), awaits: true),
        ];

        WorkerPlan Plan(int troupe, bool runsInProcess) => new(seed, troupe, runsInProcess, counts, IsResized: random.Next(2) == 0);

        // Workers that come and go: a worker that has no task for a moment leaves. A process takes long to start.
        TinyTroupeOptions Elastic(TinyTroupeOptions options) => random.Next(2) == 0 ? options : options with
        {
            MinWorkers = random.Next(0, options.Workers),
            IdleTimeout = TimeSpan.FromMilliseconds(
                random.GetItems<int>(options is ProcessTroupeOptions ? [100, 1000] : [1, 20, 200], 1)[0]),
        };

        // A start is slow on a busy machine, and a second attempt at a task waits for a start.
        ProcessTroupeOptions Process(string name, int workers, int capacity, int attempts) => new()
        {
            Name = Round.Prefix + name, Workers = workers, Capacity = capacity,
            TaskTimeout = Timeout() * 5, CancellationGrace = Grace(), MaxAttempts = attempts,
            MaxTasksPerWorker = Recycling() * 10, LoggerFactory = NullLoggerFactory.Instance, StartTimeout = Round.Deadline,
            Serializer = static () => new CountingJson(),
        };

        int Workers() => random.Next(1, 5);
        TimeSpan? Timeout() => TimeSpan.FromMilliseconds(random.Next(200, 1000));
        TimeSpan Grace() => TimeSpan.FromMilliseconds(random.GetItems([0, 20, 200], 1)[0]);
        TimeSpan Pause() => TimeSpan.FromMilliseconds(random.GetItems([0, 1, 20], 1)[0]);
        int? Recycling() => random.Next(2) == 0 ? null : random.Next(20, 200);
    }
}
