namespace TinyWorker.Chaos;

/// <summary>
/// A few seconds of chaos with five new troupes, each with random options. First come waves, to one troupe after the other. Then comes
/// load in phases, by single submissions, chains and maps, while workers throw, hang, crash and are killed. At the end the troupes are
/// stopped in one of four ways, and everything is counted.
/// </summary>
internal sealed class Round(Results results, long seed, TimeSpan length) : IDisposable
{
    public const string Prefix = "chaos-";
    public const int Troupes = 5;
    public const int Tasks = Payloads * Troupes;

    /// <summary>How many tasks a wave has.</summary>
    public const int WaveSize = 500;

    private const int WavePayloads = 50_000;   // the first numbers are for waves
    private const int Payloads = 200_000;

    /// <summary>No wait may take longer, even on a slow machine.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static readonly string Light = new('.', 64);
    private static readonly string Heavy = new('.', 200_000);

    private readonly string _counts = Path.Combine(Path.GetTempPath(), $"tinyworker-chaos-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _over = new();
    private int _waveIds;
    private int _ids = WavePayloads;
    private volatile bool _isEnding;

    public Results Results => results;

    public Ledger Ledger { get; private set; } = null!;

    public Stage[] Stages { get; private set; } = [];

    /// <summary>A token that lives as long as the round and fires only at its end.</summary>
    public CancellationToken NotBeforeTheEnd => _over.Token;

    /// <summary>Whether the troupes are being stopped: then they may refuse a task.</summary>
    public bool IsEnding => _isEnding;

    public static int TaskOf(int id, int troupe) => (id * Troupes) + troupe;

    public static int TroupeOf(int task) => task % Troupes;

    public static string PaddingOf(int id) => id % 1000 == 0 ? Heavy : Light[..(id % Light.Length)];

    public static Payload PayloadOf(int id) => new(id, id, PaddingOf(id));

    /// <summary>Whether the payload belongs to a wave.</summary>
    public static bool IsInWave(int id) => id < WavePayloads;

    public bool TryNextWaveId(out int id)
    {
        id = Interlocked.Increment(ref _waveIds) - 1;
        return IsInWave(id);
    }

    public bool TryNextId(out int id)
    {
        id = Interlocked.Increment(ref _ids) - 1;
        return id < Payloads;
    }

    public async Task RunAsync()
    {
        results.BeginRound();
        var random = new Random((int)seed);
        RunCounts.Make(_counts);
        using var runs = new RunCounts(_counts);
        try
        {
            Ledger = new Ledger(results, runs);
            Stages = Stage.MakeAll(seed, _counts, runs, random);
            using var settled = new CancellationTokenSource();
            var checks = SnapshotChecks.Start(results, Stages, settled.Token);
            await InTimeAsync(MakeWavesAsync(random.Next()), "the end of the waves");
            using var calm = new CancellationTokenSource();
            var killer = Killer.RunAsync(results, Stages, random.Next(), calm.Token);
            var changers = Stages.Select(stage => Changer.RunAsync(this, stage, runs, random.Next(), calm.Token)).ToArray();
            await LoadAndStopAsync(random);
            await calm.CancelAsync();
            await InTimeAsync(killer, "the killer");
            await InTimeAsync(Task.WhenAll(changers), "those who pause and resize the troupes");
            await UntilAsync(Ledger.HasSettled, "every callback");
            await settled.CancelAsync();
            await InTimeAsync(checks, "the snapshot checks");
            await CleanUpAsync();
            Ledger.Audit(Stages);
            foreach (var stage in Stages) results.Abandoned(stage.Troupe.Snapshot().Abandoned);
        }
        finally
        {
            File.Delete(_counts);
        }
    }

    // One wave at a time: a worker process gets tasks prefetched only while it is quick, and it is quick while nothing else runs.
    private async Task MakeWavesAsync(int wavesSeed)
    {
        var random = new Random(wavesSeed);
        foreach (var stage in Stages) await stage.Troupe.WhenReadyAsync();   // at once where no worker is made before a task comes
        foreach (var stage in Stages) await new Wave(this, stage, random.Next()).RunAsync();
        for (var end = DateTime.UtcNow + (length / 4); DateTime.UtcNow < end;)
            await MakeWaveOfProcessesAsync(random);
    }

    private Task MakeWaveOfProcessesAsync(Random random)
    {
        var processStages = Stages.Where(static stage => stage.Plan.RunsInProcess).ToArray();
        return new Wave(this, processStages[random.Next(processStages.Length)], random.Next()).RunAsync();
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

    // Load in phases with no, a few or many submitters.
    private async Task LoadAsync(int loadSeed)
    {
        var random = new Random(loadSeed);
        List<Task> load = [];
        for (var end = DateTime.UtcNow + length; DateTime.UtcNow < end && !_isEnding;)
        {
            // A submitter that is still blocked when its phase ends stays into the next one.
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
        WorkerCore.ReleaseHung();
        await UntilAsync(() => Leftovers.Threads(Prefix) == 0, "the end of all threads");
        await UntilAsync(() => Leftovers.Children() == 0, "the end of all children");
        await UntilAsync(() => WorkerCore.Alive == 0, "the disposal of all workers");
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
        $"{what} did not come within {Deadline}: {Leftovers.Children()} children, {Leftovers.Threads(Prefix)} threads, "
        + $"{WorkerCore.Alive} workers; "
        + string.Join("; ", Stages.Select(stage => stage.Troupe.Snapshot())));
}
