using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting.Tests.Health;

internal sealed class HealthCheckTests
{
    [TestCase(TroupeCondition.Starting, true)]
    [TestCase(TroupeCondition.Starting, false, true)]
    [TestCase(TroupeCondition.Broken, true)]
    [TestCase(TroupeCondition.Down, true)]
    [TestCase(TroupeCondition.Stopped, true)]
    [TestCase(TroupeCondition.Degraded, false)]
    [TestCase(TroupeCondition.Hung, false)]
    [TestCase(TroupeCondition.Paused, false)]
    [TestCase(TroupeCondition.Saturated, null)]
    [TestCase(TroupeCondition.Busy, null)]
    [TestCase(TroupeCondition.Idle, null)]
    [TestCase(TroupeCondition.Starved, null)]
    [TestCase(TroupeCondition.WaitingForInput, null)]
    [TestCase(TroupeCondition.HeldByWindow, null)]
    [TestCase(TroupeCondition.HeldByConsumer, null)]
    public void Condition_IsAFailureADegradationOrNothing(TroupeCondition condition, bool? isFailure, bool hasBeenReady = false)
    {
        var problem = TroupesHealthCheck.Problem("thumbs", condition, hasBeenReady);
        Assert.That(problem?.IsFailure, Is.EqualTo(isFailure));
        if (problem is { } found) Assert.That(found.Sentence, Does.StartWith("'thumbs' ").And.EndsWith("."));
    }

    [Test]
    public async Task Troupes_OfAStartedHost_AreHealthyWithTheirConditions()
    {
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes().Services
            .AddTinyTroupe<int, int>("a", static (_, x, _) => x).AddTinyTroupe<int, long>("b", static (_, x, _) => x));
        await Within.Time(host.StartAsync());

        var entry = await CheckAsync(host);
        Assert.That(entry.Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(entry.Description, Is.EqualTo("All 2 troupes work."));
        Assert.That(entry.Data, Is.EquivalentTo(new Dictionary<string, object> { ["a"] = "Idle", ["b"] = "Idle" }));
        Assert.That(entry.Tags, Is.EquivalentTo(new[] { "ready", "tinyworker" }));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Troupes_BeforeTheStart_Fail()
    {
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes().Services
            .AddTinyTroupe<int, int>("a", static (_, x, _) => x));
        var entry = await CheckAsync(host);
        Assert.That(entry.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(entry.Description, Is.EqualTo("'a' has not been made yet."));
        Assert.That(TinyTroupes.Living.Select(each => each.Name), Has.None.EqualTo("a-health"), "a check makes nothing");
    }

    [Test]
    public async Task OnlyWorkerThatIsBeingReplaced_IsDegraded()
    {
        using var isReplaced = new ManualResetEventSlim();
        using var mayBeMade = new ManualResetEventSlim();
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes().Services.AddTinyTroupe<int, int>(
            "a", (_, options) => new TinyTroupe<int, int>(info => new Worker(info, isReplaced, mayBeMade), options with { Workers = 1 })));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<TinyTroupe<int, int>>();
        try
        {
            await Within.Time(troupe.CallAsync(1).AsTask());
            Assert.That(((ITroupeControl)troupe).RecycleWorker(0));
            Assert.That(isReplaced.Wait(TimeSpan.FromSeconds(60)));
            var future = troupe.Submit(2);   // somebody waits for a worker
            var entry = await CheckAsync(host);
            Assert.That(entry.Status, Is.EqualTo(HealthStatus.Degraded));
            Assert.That(entry.Description, Is.EqualTo("'a' has no worker at the moment: one is being made."));
            mayBeMade.Set();
            Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(2));
        }
        finally
        {
            mayBeMade.Set();
            await Within.Time(host.StopAsync());
        }
    }

    [Test]
    public async Task TroupeThatIsPaused_IsDegraded()
    {
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes().Services
            .AddTinyTroupe<int, int>("a", static (_, x, _) => x).AddTinyTroupe<int, long>("b", static (_, x, _) => x));
        await Within.Time(host.StartAsync());
        host.Services.GetRequiredService<TinyTroupe<int, int>>().Pause();

        var entry = await CheckAsync(host);
        Assert.That((entry.Status, entry.Description), Is.EqualTo((HealthStatus.Degraded, "'a' is paused.")));
        Assert.That(entry.Data["a"], Is.EqualTo("Paused"));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task TroupeThatIsBroken_HasTheFailureStatusThatWasAskedFor()
    {
        using var host = Build.Host(services => services
            .AddHealthChecks().AddTinyTroupes("mine", HealthStatus.Degraded, ["live"]).Services
            .AddTinyTroupe<int, int, NoWorker>("a", settings => (settings.WaitUntilReady, settings.Workers) = (false, 1))
            .AddTinyTroupe<int, long>("b", static (_, x, _) => x));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<TinyTroupe<int, int>>();
        await Assert.ThatAsync(() => Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());

        var entry = await CheckAsync(host, "mine");
        Assert.That((entry.Status, entry.Description), Is.EqualTo((HealthStatus.Degraded, "'a' is broken: a worker could not be made.")));
        Assert.That(entry.Tags, Is.EquivalentTo(new[] { "live" }));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task HostThatIsStopping_Fails()
    {
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes().Services
            .AddTinyTroupe<int, int>("a", static (_, x, _) => x));
        await Within.Time(host.StartAsync());
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        var entry = await CheckAsync(host);
        Assert.That((entry.Status, entry.Description), Is.EqualTo((HealthStatus.Unhealthy, "The host is stopping.")));
        await Within.Time(host.StopAsync());
        Assert.That((await CheckAsync(host)).Description, Is.EqualTo("The host is stopping. 'a' has stopped."));
    }

    [Test]
    public async Task NoTroupesAtAll_IsHealthy()
    {
        using var host = Build.Host(services => services.AddHealthChecks().AddTinyTroupes());
        var entry = await CheckAsync(host);
        Assert.That((entry.Status, entry.Description), Is.EqualTo((HealthStatus.Healthy, "There are no troupes.")));
    }

    [Test]
    public void Check_Twice_HasANameEach()
    {
        using var provider = Build.Provider(services => services.AddLogging().AddHealthChecks().AddTinyTroupes().AddTinyTroupes("more"));
        Assert.That(
            provider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(each => each.Name),
            Is.EquivalentTo(new[] { "troupes", "more" }));
        Assert.Throws<ArgumentNullException>(() => ((IHealthChecksBuilder)null!).AddTinyTroupes());
    }

    private static async Task<HealthReportEntry> CheckAsync(IHost host, string name = "troupes")
    {
        var report = await Within.Time(host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync());
        return report.Entries[name];
    }

    private sealed class NoWorker : TinyWorker<int, int>
    {
        public NoWorker() => throw new TimeZoneNotFoundException();

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }

    private sealed class Worker : TinyWorker<int, int>
    {
        public Worker(WorkerInfo info, ManualResetEventSlim isReplaced, ManualResetEventSlim mayBeMade)
        {
            if (info.Restarts == 0) return;
            isReplaced.Set();
            mayBeMade.Wait(TimeSpan.FromSeconds(60));
        }

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
