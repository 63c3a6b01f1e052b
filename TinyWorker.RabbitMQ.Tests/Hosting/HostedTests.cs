using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Tests.Hosting;

/// <summary>Both sides in applications, on a broker.</summary>
internal sealed class HostedTests
{
    [Test]
    public async Task Application_OfBothSides_ServesAndDrainsItself()
    {
        var (name, uri) = await NewAsync();
        using var host = Build.Host(services => Both(services, name, uri, static async (_, x, token) =>
        {
            await Task.Delay(20, token);
            return x + 1;
        }));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredKeyedService<RabbitTroupe<int, int>>(name);
        var futures = Enumerable.Range(0, 40).Select(x => troupe.Submit(x)).ToList();
        // Its own host serves until its submitting side has drained.
        await Within.Time(host.StopAsync());
        Assert.That(futures.Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Succeeded));
        Assert.That(futures.Select(future => future.Result()), Is.EqualTo(Enumerable.Range(1, 40)));
        Assert.That(host.Records().Where(record => record.Level > LogLevel.Warning), Is.Empty);
    }

    [Test]
    public async Task Host_OfAnApplicationThatStops_EndsWhatRunsAndLeavesTheRestToOthers()
    {
        var (name, uri) = await NewAsync();
        using var started = new CountdownEvent(2);
        var gate = new TaskCompletionSource();
        var ran = new ConcurrentBag<int>();
        using var host = Build.Host(services => Serving(services, name, uri, async (_, x, _) =>
        {
            if (!started.IsSet) started.Signal();
            await gate.Task;
            ran.Add(x);
            return x;
        }));
        await using var troupe = new RabbitTroupe<int, int>(name, new RabbitTroupeOptions { Broker = uri });
        await Within.Time(host.StartAsync());
        var futures = Enumerable.Range(0, 20).Select(x => troupe.Submit(x)).ToList();
        var local = host.Services.GetRequiredKeyedService<TinyTroupe<int, int>>(name);
        Within.Until(() => started.IsSet && local.Snapshot().Waiting == 8, "two tasks that run, and what waits here");
        var stop = host.StopAsync();
        Within.Until(() => local.Snapshot() is { Waiting: 0, Running: 2 }, "the end of what waits");
        Assert.That(Checked(host).Status, Is.EqualTo(HealthStatus.Unhealthy));
        gate.SetResult();
        await Within.Time(stop);
        Assert.That(ran, Has.Count.EqualTo(2), "what waited has gone back");

        using var other = Build.Host(services => Serving(services, name, uri, async (_, x, _) =>
        {
            ran.Add(x);
            return await Task.FromResult(x);
        }));
        await Within.Time(other.StartAsync());
        Assert.That(await Within.Time(Task.WhenAll(futures.Select(future => future.AsTask()))), Is.EqualTo(Enumerable.Range(0, 20)));
        Assert.That(ran, Is.EquivalentTo(Enumerable.Range(0, 20)), "nothing ran twice");
        await Within.Time(other.StopAsync());
    }

    [Test]
    public async Task Host_ItsPatienceIsOver_GivesWhatRunsBack()
    {
        var (name, uri) = await NewAsync();
        using var started = new SemaphoreSlim(0);
        var stuck = Build.Host(services =>
        {
            Serving(services, name, uri, async (_, x, token) =>
            {
                started.Release();
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return x;
            });
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(4));
        });
        await using var troupe = new RabbitTroupe<int, int>(name, new RabbitTroupeOptions { Broker = uri });
        using (stuck)
        {
            await Within.Time(stuck.StartAsync());
            var future = troupe.Submit(7);
            await Within.Time(started.WaitAsync());
            await Within.Time(stuck.StopAsync());
            Assert.That(future.IsCompleted, Is.False, "it is neither cancelled nor faulted: another host may run it");

            using var other = Build.Host(services => Serving(services, name, uri, static (_, x, _) => Task.FromResult(x * 2)));
            await Within.Time(other.StartAsync());
            Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(14));
            await Within.Time(other.StopAsync());
        }
    }

    [Test]
    public async Task Health_OfBothSides_NamesTheirStateAndTheirBrokerWithoutPassword()
    {
        var (name, uri) = await NewAsync();
        using var host = Build.Host(services => Both(services, name, uri, static (_, x, _) => Task.FromResult(x)));
        var before = Checked(host);
        Assert.That(before.Status, Is.EqualTo(HealthStatus.Unhealthy));
        await Within.Time(host.StartAsync());
        var health = Checked(host);
        Assert.Multiple(() =>
        {
            Assert.That(health.Status, Is.EqualTo(HealthStatus.Healthy), health.Description);
            var endpoint = new Uri(uri).Authority.Split('@')[^1];
            Assert.That(health.Data[$"{name} (remote): broker"], Is.EqualTo($"Ready, {endpoint}"));
            Assert.That(health.Data[$"{name} (host): broker"], Is.EqualTo($"Ready, {endpoint}"));
            Assert.That(health.Data[$"{name} (host)"], Is.EqualTo("Ready"));
            Assert.That(health.Data.Keys, Is.EquivalentTo(new[]
            {
                name, $"{name} (remote)", $"{name} (host)", $"{name} (remote): broker", $"{name} (host): broker",
            }));
            Assert.That(health.Data.Values.Select(value => $"{value}"), Has.None.Contains("guest"));
        });
        await Within.Time(host.StopAsync());
        Assert.That(Checked(host).Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task Health_ABrokerThatIsLost_IsDegradedAfterAWhileAndHealthyAgain()
    {
        var (name, uri) = await NewAsync();
        await using var network = new BrokerProxy(new Uri(uri).Port);
        using var host = Build.Host(services => Both(services, name, network.Uri, static (_, x, _) => Task.FromResult(x)));
        await Within.Time(host.StartAsync());
        Assert.That(Checked(host).Status, Is.EqualTo(HealthStatus.Healthy));
        network.Silence();
        network.Cut();
        Within.Until(() => Checked(host).Status == HealthStatus.Degraded, "the degraded submitter");
        network.Resume();
        Within.Until(() => Checked(host).Status == HealthStatus.Healthy, "the connections");
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Health_OfAHostWhoseBrokerIsLost_IsDegradedAfterAWhileAndHealthyAgain()
    {
        var (name, uri) = await NewAsync();
        await using var network = new BrokerProxy(new Uri(uri).Port);
        using var host = Build.Host(services => Serving(services, name, network.Uri, static (_, x, _) => Task.FromResult(x)));
        await Within.Time(host.StartAsync());
        Assert.That(Checked(host).Status, Is.EqualTo(HealthStatus.Healthy));
        network.Silence();
        network.Cut();
        Within.Until(() => Checked(host).Status == HealthStatus.Degraded, "the degraded host");
        Assert.That(Checked(host).Description, Does.Contain($"The host of '{name}' has no connection to its broker."));
        network.Resume();
        Within.Until(() => Checked(host).Status == HealthStatus.Healthy, "the connection");
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Host_OfAMissingVirtualHost_FailsTheStartAndNamesIt()
    {
        var (name, uri) = await NewAsync();
        var error = await Build.Host(services =>
        {
            services.AddTinyTroupe<int, int>(name, static (_, x, _) => x);
            services.AddRabbitTroupeHost<int, int>(name, settings => (settings.Broker, settings.VirtualHost) = (uri, "missing"));
        }).FailingStartAsync();
        Assert.That(error, Is.TypeOf<RabbitTopologyException>());
        Assert.That(error.Message, Does.Contain("missing"));
    }

    // A service that starts late may be what the workers need.
    [Test]
    public async Task Host_TakesTasks_OnceTheServicesHaveStarted()
    {
        var (name, uri) = await NewAsync();
        await using var troupe = new RabbitTroupe<int, bool>(name, new RabbitTroupeOptions { Broker = uri });
        var future = troupe.Submit(1);
        var slow = new SlowService();
        using var host = Build.Host(services =>
        {
            services.AddSingleton<IHostedService>(slow);
            services.AddTinyTroupe<int, bool>(name, async (_, _, _) => await Task.FromResult(slow.HasStarted));
            services.AddRabbitTroupeHost<int, bool>(name, settings => settings.Broker = uri);
        });
        await Within.Time(host.StartAsync());
        Assert.That(await Within.Time(future.AsTask()), Is.True);
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Application_AtSigterm_EndsWhatRunsAndRunsNothingTwice()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var settings = new HostSettings(run.Broker, run.Troupe, Prefetch: 20);
        await using var leaving = await TestProgram.StartAsync(HostedProgram.Name, settings, run.Ledger);
        await leaving.LineAsync("ready");
        await run.SubmitAsync(100, 50);
        await run.UntilEndedAsync(5);
        var exit = leaving.TerminateAsync();
        await using var other = await TestProgram.StartAsync(HostedProgram.Name, settings, run.Ledger);
        Assert.That(await exit, Is.Zero, leaving.Errors);
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
        Assert.That(await other.TerminateAsync(), Is.Zero, other.Errors);
    }

    [Test]
    public async Task Container_DisposedWithoutAStop_EndsBothSides([Values] bool isAsync)
    {
        var (name, uri) = await NewAsync();
        var host = Build.Host(services => Both(services, name, uri, static (_, x, _) => Task.FromResult(x)));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredKeyedService<RabbitTroupe<int, int>>(name);
        Assert.That(await Within.Time(troupe.Submit(1).AsTask()), Is.EqualTo(1));
        if (isAsync) await Within.Time(((IAsyncDisposable)host).DisposeAsync().AsTask());
        else await Within.Time(Task.Run(host.Dispose));
        Assert.That(troupe.Broker.Connection, Is.EqualTo(RabbitConnectionState.Closed));
    }

    private static async Task<(string Name, string Uri)> NewAsync() => (Brokers.NewTroupe(), await Brokers.UriAsync());

    private static void Both(
        IServiceCollection services, string name, string uri, Func<IServiceProvider, int, CancellationToken, Task<int>> function)
    {
        services.AddRabbitTroupe<int, int>(name, settings => settings.Broker = uri);
        Serving(services, name, uri, function);
    }

    private static void Serving(
        IServiceCollection services, string name, string uri, Func<IServiceProvider, int, CancellationToken, Task<int>> function)
    {
        services.AddRabbitTroupeHost<int, int>(name, settings => (settings.Broker, settings.Prefetch) = (uri, 10));
        services.AddTinyTroupe<int, int>(name, function, settings => settings.Workers = 2);
        services.AddHealthChecks().AddTinyTroupes();
    }

    private static HealthReportEntry Checked(IHost host)
    {
        var check = host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Within.Until(() => check.IsCompleted, "the health check");
        return check.Result.Entries["troupes"];
    }

    private sealed class SlowService : IHostedService
    {
        public bool HasStarted { get; private set; }

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(200, cancellationToken);
            HasStarted = true;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
