using Microsoft.Extensions.Logging.Abstractions;

namespace TinyWorker.Chaos;

/// <summary>One troupe of a round.</summary>
internal sealed class Stage
{
    private Stage(DeskPlan plan, TinyTroupeOptions options, bool awaits)
    {
        Plan = plan;
        Attempts = plan.IsMortal ? options.MaxAttempts : 1;
        Troupe = awaits
            ? new TinyTroupe<Parcel, Parcel>(_ => new AwaitingClerk(plan), options)
            : new TinyTroupe<Parcel, Parcel>(_ => new BlockingClerk(plan), options);
    }

    public DeskPlan Plan { get; }

    public int Number => Plan.Troupe;

    /// <summary>How often a task may run.</summary>
    public int Attempts { get; }

    public TinyTroupe<Parcel, Parcel> Troupe { get; }

    /// <summary>Set before the troupe may be aborted: from then on whatever it has may be cancelled.</summary>
    public bool MayBeAborted { get; set; }

    /// <summary>Threads, processes and the pool, blocking and awaiting, each with options of its own.</summary>
    public static Stage[] MakeAll(long seed, string counts, Random random)
    {
        // One of each: at the narrowest only one task waits, and who comes next waits for that one to start.
        int[] capacities = [1, 2, 16, 1024];
        random.Shuffle(capacities);
        return
        [
            new(Plan(0, isMortal: false), new ThreadTroupeOptions
            {
                Name = Round.Prefix + "thread", Workers = Workers(), Capacity = capacities[0], TaskTimeout = Timeout(), CancellationGrace = Grace(),
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }, awaits: false),
            new(Plan(1, isMortal: true), Process("process", workers: 1, 256, attempts: 1), awaits: false),
            new(Plan(2, isMortal: false), new PoolTroupeOptions
            {
                Name = Round.Prefix + "pool", Workers = Workers(), Capacity = capacities[2], TaskTimeout = Timeout(), CancellationGrace = Grace(),
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }, awaits: true),
            new(Plan(3, isMortal: true), Process("again", Workers(), capacities[1], attempts: 3), awaits: true),
            new(Plan(4, isMortal: false), new ThreadTroupeOptions
            {
                Name = Round.Prefix + "awaiting", Workers = Workers(), Capacity = capacities[3], TaskTimeout = Timeout(), CancellationGrace = Grace(),
                MaxTasksPerWorker = Recycling(), LoggerFactory = NullLoggerFactory.Instance,
            }, awaits: true),
        ];

        DeskPlan Plan(int troupe, bool isMortal) => new(seed, troupe, isMortal, counts);

        // A start may be slow where there is little processor time to be had, and a second attempt has to wait for one.
        ProcessTroupeOptions Process(string name, int workers, int capacity, int attempts) => new()
        {
            Name = Round.Prefix + name, Workers = workers, Capacity = capacity, TaskTimeout = Timeout() * 5, CancellationGrace = Grace(), MaxAttempts = attempts,
            MaxTasksPerWorker = Recycling() * 10, LoggerFactory = NullLoggerFactory.Instance, StartTimeout = Round.Deadline,
            Serializer = static () => new CountingJson(),
        };

        int Workers() => random.Next(1, 5);
        TimeSpan? Timeout() => TimeSpan.FromMilliseconds(random.Next(200, 1000));
        TimeSpan Grace() => TimeSpan.FromMilliseconds(random.GetItems([0, 20, 200], 1)[0]);
        int? Recycling() => random.Next(2) == 0 ? null : random.Next(20, 200);
    }
}
