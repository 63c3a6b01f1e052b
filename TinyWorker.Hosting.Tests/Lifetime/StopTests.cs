using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Hosting.Tests.Lifetime;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StopTests
{
    private readonly Gate _gate = new();
    private readonly FakeTimeProvider _clock = new();

    [TearDown]
    public void OpenTheGate() => _gate.Open();

    [Test]
    public async Task Stop_DrainsWhatRunsAndWaits()
    {
        using var host = Host();
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<ITinyTroupe<int, int>>();
        var futures = Enumerable.Range(0, 5).Select(i => troupe.Submit(i)).ToArray();
        await Within.Time(_gate.Reached);

        var stop = host.StopAsync();
        Within.Until(() => host.Services.GetRequiredService<MadeTroupes>().IsStopping, "the stop");
        Assert.That(stop.IsCompleted, Is.False);
        _gate.Open();
        await Within.Time(stop);

        Assert.That(futures.Select(future => future.Result(TimeSpan.Zero)), Is.EqualTo(Enumerable.Range(0, 5)));
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
    }

    [Test]
    public async Task Services_ThatStopWithTheHost_StillUseTheTroupes()
    {
        var service = new Stopping();
        using var host = Build.Host(services =>
        {
            services.AddTinyTroupe<int, int>("t", static (_, x, _) => x + 1, settings => settings.Workers = 1);
            services.AddSingleton<IHostedService>(provider => service.In(provider));   // behind the troupes: stops before them in any case
        });
        using var first = Build.Host(services =>
        {
            services.AddSingleton<IHostedService>(provider => service.In(provider));   // before them: an old host would stop it last
            services.AddTinyTroupe<int, int>("t", static (_, x, _) => x + 1, settings => settings.Workers = 1);
        });
        foreach (var each in new[] { host, first })
        {
            await Within.Time(each.StartAsync());
            await Within.Time(each.StopAsync());
            Assert.That(service.Result, Is.EqualTo(42));
            service.Result = 0;
        }
    }

    [Test]
    public async Task PatienceThatEnds_ExplainsAndAborts()
    {
        using var host = Host();
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<ITinyTroupe<int, int>>();
        var running = troupe.Submit(1);
        var waiting = troupe.Submit(2);
        await Within.Time(_gate.Reached);

        var stop = host.StopAsync();
        Within.Until(() => host.Services.GetRequiredService<MadeTroupes>().IsStopping, "the stop");
        _clock.Advance(TimeSpan.FromSeconds(24.9));   // of 30, of which 5 are kept
        Assert.That((running.IsCompleted, waiting.IsCompleted, stop.IsCompleted), Is.EqualTo((false, false, false)));
        // The timer may have been set only after the first advance; then it is due later.
        Within.Until(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return stop.IsCompleted;
            },
            "the end of the patience");
        await Within.Time(stop);

        Assert.That((running.Status, waiting.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
        var warning = host.Records().Single(record => record.Level == LogLevel.Warning && record.Category == "TinyWorker.Hosting");
        Assert.That(warning.Message, Does.StartWith("t: ").And.Contains("00:00:05").And.Contains("1 running"));
    }

    [Test]
    public async Task Patience_OfAnIdleTroupe_IsNoWarning()
    {
        using var host = Build.Host(services => services.AddSingleton<TimeProvider>(_clock)
            .AddTinyTroupe<int, int>("busy", async (_, x, token) =>
            {
                await _gate.PassAsync(token);
                return x;
            })
            .AddTinyTroupe<int, long>("idle", static (_, x, _) => x));
        await Within.Time(host.StartAsync());
        _ = host.Services.GetRequiredService<ITinyTroupe<int, int>>().Submit(1);
        await Within.Time(_gate.Reached);

        await Within.Time(host.StopAsync(new CancellationToken(canceled: true)).ContinueWith(_ => { }, TaskScheduler.Default));
        var records = host.Records().Where(record => record.Category == "TinyWorker.Hosting").ToArray();
        Assert.That(records.Single(record => record.Level == LogLevel.Warning).Message, Does.StartWith("busy: "));
        Assert.That(records.Single(record => record.Level == LogLevel.Information).Message, Does.StartWith("idle: "));
    }

    [Test]
    public async Task TokenOfTheHost_ThatFiresDuringTheDrain_Aborts()
    {
        using var host = Host();
        await Within.Time(host.StartAsync());
        var future = host.Services.GetRequiredService<ITinyTroupe<int, int>>().Submit(1);
        await Within.Time(_gate.Reached);
        var lifetime = Lifetime(host.Services);
        using var source = new CancellationTokenSource();

        await Within.Time(lifetime.StoppingAsync(source.Token));
        await Within.Time(lifetime.StopAsync(source.Token));
        var stopped = lifetime.StoppedAsync(source.Token);
        Assert.That(stopped.IsCompleted, Is.False);
        await source.CancelAsync();
        await Within.Time(stopped);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Troupes_AreDrainedInReverseOrderOfRegistration()
    {
        var notes = new Notes();
        using var host = Build.Host(services =>
        {
            services.AddSingleton(notes);
            foreach (var name in new[] { "first", "second", "third" })
                services.AddTinyTroupe<int, int, Leaving>(name, settings => settings.Workers = 1);
        });
        _ = host.Services.GetRequiredKeyedService<TinyTroupe<int, int>>("third");   // made first
        await Within.Time(host.StartAsync());
        await Within.Time(host.StopAsync());
        Assert.That(notes.Lines, Is.EqualTo(new[] { "third leaves", "second leaves", "first leaves" }));
    }

    // What a later troupe asks of an earlier one is still answered while the later one drains.
    [Test]
    public async Task TaskThatCallsAnEarlierTroupe_EndsWellWhileTheHostStops()
    {
        using var host = Build.Host(services => services
            .AddTinyTroupe<int, string>("early", static (_, x, _) => $"{x}")
            .AddTinyTroupe<int, int>("late", async (scope, x, token) =>
            {
                await _gate.PassAsync(token);
                return (await scope.GetRequiredService<ITinyTroupe<int, string>>().CallAsync(1234, token)).Length;
            }));
        await Within.Time(host.StartAsync());
        var future = host.Services.GetRequiredService<ITinyTroupe<int, int>>().Submit(1);
        await Within.Time(_gate.Reached);

        var lifetime = Lifetime(host.Services);
        await Within.Time(lifetime.StoppingAsync(default));
        var stopped = lifetime.StoppedAsync(default);
        _gate.Open();
        await Within.Time(stopped);
        Assert.That(future.Result(TimeSpan.Zero), Is.EqualTo(4));
    }

    [Test]
    public async Task HostWithoutLifecycleCalls_StartsAndStopsTheTroupes()
    {
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>("t", static (_, x, _) => x));
        IHostedService old = Lifetime(provider);
        await Within.Time(old.StartAsync(default));
        var troupe = ((MadeTroupe)provider.GetRequiredService<MadeTroupes>().All.Single()).Troupe;
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Idle), "made and ready");
        await Within.Time(old.StopAsync(default));
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
        await Within.Time(old.StopAsync(default));
    }

    [Test]
    public async Task SecondStopWithoutLifecycleCalls_WaitsForTheFirst()
    {
        using var host = Host();
        IHostedService old = Lifetime(host.Services);
        await Within.Time(old.StartAsync(default));
        _ = host.Services.GetRequiredService<ITinyTroupe<int, int>>().Submit(1);
        await Within.Time(_gate.Reached);
        var first = old.StopAsync(default);
        var second = old.StopAsync(default);
        Assert.That((first.IsCompleted, second.IsCompleted), Is.EqualTo((false, false)));
        _gate.Open();
        await Within.Time(Task.WhenAll(first, second));
    }

    [Test]
    public async Task SecondStopOfTheHost_DoesNothing()
    {
        using var host = Host();
        await Within.Time(host.StartAsync());
        await Within.Time(host.StopAsync());
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task StopWithoutAStart_DrainsWhatWasMade_AndNothingIsMadeLater()
    {
        await using var provider = Build.Provider(services => services
            .AddTinyTroupe<int, int>("made", static (_, x, _) => x).AddTinyTroupe<int, long>("late", static (_, x, _) => x));
        var troupe = provider.GetRequiredService<TinyTroupe<int, int>>();
        await Within.Time(Lifetime(provider).StopAsync(default));

        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
        var error = Assert.Throws<ObjectDisposedException>(() => provider.GetRequiredService<TinyTroupe<int, long>>());
        Assert.That(error.Message, Does.Contain("'late'"));
    }

    [Test]
    public async Task WorkerWhoseDisposalThrows_IsToldByTheStop_AndTheOthersAreDrained()
    {
        var notes = new Notes();
        using var host = Build.Host(services => services.AddSingleton(notes)
            .AddTinyTroupe<int, int, Leaving>("first", settings => settings.Workers = 1)
            .AddTinyTroupe<int, int, Flushing>("second", settings => settings.Workers = 1));
        await Within.Time(host.StartAsync());
        await Assert.ThatAsync(() => Within.Time(host.StopAsync()), Throws.TypeOf<TimeZoneNotFoundException>());
        Assert.That(notes.Lines, Is.EqualTo(new[] { "first leaves" }));
    }

    [Test]
    public async Task PausedTroupe_IsDrained()
    {
        using var host = Host();
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<TinyTroupe<int, int>>();
        troupe.Pause();
        var future = troupe.Submit(1);
        _gate.Open();
        await Within.Time(host.StopAsync());
        Assert.That(future.Result(TimeSpan.Zero), Is.EqualTo(1));
    }

    // The service waits for a task while it stops, and does not look at its own token.
    [Test]
    public async Task TokenOfTheStop_AbortsTheTroupesWhileAnotherServiceStillStops()
    {
        using var host = Build.Host(services => services
            .Configure<HostOptions>(static options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan)
            .AddTinyTroupe<int, int>("t", WaitAsync, static settings => settings.Workers = 1)
            .AddSingleton<IHostedService, Waiting>());
        await Within.Time(host.StartAsync());
        await Within.Time(_gate.Reached);
        using var source = new CancellationTokenSource();
        var stop = host.StopAsync(source.Token);
        Assert.That(stop.IsCompleted, Is.False);
        await source.CancelAsync();
        await Within.Time(stop.ContinueWith(static _ => { }, TaskScheduler.Default));   // however the host tells of its own token
        Assert.That(host.Records().Select(record => record.Message), Has.One.StartsWith("t: the host's time to stop was cut short; tasks"));
    }

    private static IHostedLifecycleService Lifetime(IServiceProvider provider) =>
        provider.GetServices<IHostedService>().OfType<TroupeLifetime>().Single();

    private IHost Host() => Build.Host(services => services.AddSingleton<TimeProvider>(_clock).AddTinyTroupe<int, int>(
        "t", async (_, x, token) =>
        {
            await _gate.PassAsync(token);
            return x;
        },
        settings => settings.Workers = 1));

    private async Task<int> WaitAsync(IServiceProvider scope, int x, CancellationToken token)
    {
        await _gate.PassAsync(token);
        return x;
    }

    private sealed class Waiting(ITinyTroupe<int, int> troupe) : IHostedService
    {
        private TinyFuture<int>? _future;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _future = troupe.Submit(1, CancellationToken.None);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) =>
            await Assert.ThatAsync(async () => await _future!, Throws.InstanceOf<OperationCanceledException>());
    }

    private sealed class Leaving(Notes notes, WorkerInfo info) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose() => notes.Add($"{info.Troupe} leaves");
    }

    private sealed class Flushing : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose() => throw new TimeZoneNotFoundException();
    }

    private sealed class Stopping : IHostedService
    {
        private IServiceProvider? _provider;

        public int Result { get; set; }

        public Stopping In(IServiceProvider provider)
        {
            _provider = provider;
            return this;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StopAsync(CancellationToken cancellationToken) =>
            Result = await _provider!.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(41, CancellationToken.None);
    }
}
