namespace TinyWorker.Chaos;

/// <summary>
/// A few seconds of chaos with five troupes, new ones with other options each time: waves to one after the other; then load that comes and
/// goes, from outside and along chains and through maps, while workers throw, hang and die, and are killed. Then they are stopped, in one of
/// four ways, and everything is counted.
/// </summary>
internal sealed class Round(Figures figures, long seed, TimeSpan length) : IDisposable
{
    public const string Prefix = "chaos-";
    public const int Troupes = 5;
    public const int Tasks = Journeys * Troupes;

    private const int WaveJourneys = 50_000;   // the first ones
    private const int Journeys = 200_000;

    /// <summary>Nothing may take longer, however slow the machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static readonly string Light = new('.', 64);
    private static readonly string Heavy = new('.', 200_000);

    private readonly string _counts = Path.Combine(Path.GetTempPath(), $"tinyworker-chaos-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _over = new();
    private int _waveJourneys;
    private int _journeys = WaveJourneys;
    private volatile bool _isEnding;

    public Figures Figures => figures;

    public Ledger Ledger { get; private set; } = null!;

    public Stage[] Stages { get; private set; } = [];

    /// <summary>A token that lives as long as the round and never fires before its end.</summary>
    public CancellationToken NotBeforeTheEnd => _over.Token;

    /// <summary>The troupes are being stopped: they may refuse what comes.</summary>
    public bool IsEnding => _isEnding;

    public static int TaskOf(int journey, int troupe) => (journey * Troupes) + troupe;

    public static int TroupeOf(int task) => task % Troupes;

    public static string BallastOf(int journey) => journey % 1000 == 0 ? Heavy : Light[..(journey % Light.Length)];

    public static Parcel ParcelOf(int journey) => new(journey, journey, BallastOf(journey));

    /// <summary>Whether it belongs to a wave.</summary>
    public static bool IsInWave(int journey) => journey < WaveJourneys;

    public bool TryNextWaveJourney(out int journey)
    {
        journey = Interlocked.Increment(ref _waveJourneys) - 1;
        return IsInWave(journey);
    }

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
            await InTimeAsync(MakeWavesAsync(random.Next()), "the end of the waves");
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

    // One by one: a worker process is quick while nobody else is at work.
    private async Task MakeWavesAsync(int wavesSeed)
    {
        var random = new Random(wavesSeed);
        foreach (var stage in Stages) await stage.Troupe.WhenReadyAsync();
        foreach (var stage in Stages) await new Wave(this, stage, random.Next()).RunAsync();
        for (var end = DateTime.UtcNow + (length / 4); DateTime.UtcNow < end;)
            await MakeWaveOfProcessesAsync(random);
    }

    private Task MakeWaveOfProcessesAsync(Random random)
    {
        var mortals = Stages.Where(static stage => stage.Plan.IsMortal).ToArray();
        return new Wave(this, mortals[random.Next(mortals.Length)], random.Next()).RunAsync();
    }

    private async Task LoadAndStopAsync(Random random)
    {
        var ending = random.Next(4);
        var isWave = random.Next(3) == 0;
        var load = isWave ? MakeWaveOfProcessesAsync(random) : LoadAsync(random.Next());
        if (ending == 0) await InTimeAsync(load, "the load");
        else await Task.WhenAny(load, Task.Delay(isWave ? TimeSpan.FromMilliseconds(random.Next(60)) : length));

        _isEnding = true;
        await InTimeAsync(Task.WhenAll(Stages.Select(stage => StopAsync(stage, ending))), "the end of the troupes");
        await _over.CancelAsync();
        await InTimeAsync(load, "the load after the end of the troupes");
    }

    // Load in phases: nobody, a few, many.
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
