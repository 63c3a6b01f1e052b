namespace TinyWorker.Chaos;

/// <summary>
/// A few seconds of chaos with five troupes, new ones with other options each time: load that comes and goes, from outside and along chains
/// and through maps, while workers throw, hang and die, and are killed. Then they are stopped, in one of four ways, and everything is counted.
/// </summary>
internal sealed class Round(Figures figures, long seed, TimeSpan length) : IDisposable
{
    public const string Prefix = "chaos-";
    public const int Troupes = 5;
    public const int Tasks = Journeys * Troupes;

    private const int Journeys = 150_000;

    /// <summary>Nothing may take longer, however slow the machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static readonly string Light = new('.', 64);
    private static readonly string Heavy = new('.', 200_000);

    private readonly string _counts = Path.Combine(Path.GetTempPath(), $"tinyworker-chaos-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _over = new();
    private int _journeys;
    private volatile bool _isEnding;

    public Figures Figures => figures;

    public Ledger Ledger { get; private set; } = null!;

    public Stage[] Stages { get; private set; } = [];

    /// <summary>A token that lives as long as the round and never fires before its end.</summary>
    public CancellationToken NotBeforeTheEnd => _over.Token;

    /// <summary>The troupes are being stopped: they may refuse what comes.</summary>
    public bool IsEnding => _isEnding;

    public static int TaskOf(int journey, int troupe) => (journey * Troupes) + troupe;

    public static string BallastOf(int journey) => journey % 1000 == 0 ? Heavy : Light[..(journey % Light.Length)];

    public static Parcel ParcelOf(int journey) => new(journey, journey, BallastOf(journey));

    public bool TryNextJourney(out int journey)
    {
        journey = Interlocked.Increment(ref _journeys) - 1;
        return journey < Journeys;
    }

    public async Task RunAsync()
    {
        figures.BeginRound();
        var random = new Random((int)seed);
        RunCounts.Make(_counts, Tasks);
        using var runs = new RunCounts(_counts);
        try
        {
            Ledger = new Ledger(figures, runs);
            Stages = Stage.MakeAll(seed, _counts, random);
            using var settled = new CancellationTokenSource();
            var watch = Watching.Start(figures, Stages, settled.Token);
            using var calm = new CancellationTokenSource();
            var killer = Killer.RunAsync(figures, Stages, random.Next(), calm.Token);
            await LoadAndStopAsync(random);
            await calm.CancelAsync();
            await InTimeAsync(killer, "the killer");
            await UntilAsync(Ledger.HasSettled, "every callback");
            await settled.CancelAsync();
            await InTimeAsync(watch, "the watch");
            await CleanUpAsync();
            Ledger.Audit(Stages);
            foreach (var stage in Stages) figures.Abandoned(stage.Troupe.Snapshot().Abandoned);
        }
        finally
        {
            File.Delete(_counts);
        }
    }

    // Load in phases: nobody, a few, many.
    private async Task LoadAndStopAsync(Random random)
    {
        var ending = random.Next(4);
        var endsUnderLoad = ending > 0;
        var load = LoadAsync(random.Next());
        if (endsUnderLoad) await Task.WhenAny(load, Task.Delay(length));
        else await InTimeAsync(load, "the load");

        _isEnding = true;
        await InTimeAsync(Task.WhenAll(Stages.Select(stage => StopAsync(stage, ending))), "the end of the troupes");
        await _over.CancelAsync();
        await InTimeAsync(load, "the load after the end of the troupes");
    }

    private async Task LoadAsync(int loadSeed)
    {
        var random = new Random(loadSeed);
        List<Task> load = [];
        for (var end = DateTime.UtcNow + length; DateTime.UtcNow < end && !_isEnding;)
        {
            // Who is still blocked when the phase ends goes on into the next.
            var (submitters, maps) = (random.GetItems([0, 2, 6, 16], 1)[0], random.Next(3));
            using var phase = new CancellationTokenSource();
            load.RemoveAll(static task => task.IsCompleted);
            load.AddRange(Enumerable.Range(0, submitters).Select(_ => new Submitter(this, random.Next()).Start(phase.Token)));
            load.AddRange(Enumerable.Range(0, maps).Select(_ => new Mapper(this, random.Next()).Start(phase.Token)));
            await Task.Delay(random.Next(100, 1000));
            await phase.CancelAsync();
        }

        await Task.WhenAll(load);
    }

    private static async Task StopAsync(Stage stage, int ending)
    {
        switch (ending)
        {
            case 2:
                using (var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300)))
                {
                    stage.MayBeAborted = true;
                    await stage.Troupe.StopAsync(patience.Token);
                }

                break;
            case 3:
                stage.MayBeAborted = true;
                stage.Troupe.Abort();
                await Task.Run(stage.Troupe.Dispose);
                break;
            default:
                await stage.Troupe.DisposeAsync();
                break;
        }
    }

    private async Task CleanUpAsync()
    {
        Desk.LetTheHungGo();
        await UntilAsync(() => Leftovers.Threads(Prefix) == 0, "the end of all threads");
        await UntilAsync(() => Leftovers.Children() == 0, "the end of all children");
        await UntilAsync(() => Desk.Open == 0, "the disposal of all workers");
    }

    public void Dispose() => _over.Dispose();

    private async Task InTimeAsync(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Deadline);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Late(what);
        }
    }

    private async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var end = DateTime.UtcNow + Deadline; !condition();)
        {
            if (DateTime.UtcNow > end) throw Late(what);
            await Task.Delay(10);
        }
    }

    private TimeoutException Late(string what) => new(
        $"{what} has not come within {Deadline}: {Leftovers.Children()} children, {Leftovers.Threads(Prefix)} threads, {Desk.Open} workers; "
        + string.Join("; ", Stages.Select(stage => stage.Troupe.Snapshot())));
}
