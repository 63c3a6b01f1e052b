using Microsoft.Extensions.Hosting;

namespace TinyWorker.Hosting.Tests.Lifetime;

/// <summary>A container that is disposed though no host has stopped its troupes.</summary>
internal sealed class ContainerTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Container_WithoutAHost_DrainsATroupeAndKeepsItsWorkersScopes(bool isAsynchronous)
    {
        var gate = new Gate();
        var notes = new Notes();
        var provider = Build.Provider(services => services.AddSingleton(gate).AddSingleton(notes).AddScoped<Tool>()
            .AddTinyTroupe<int, string, Waiting>("w", settings => settings.Workers = 1));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, string>>();
        var running = troupe.Submit(1);
        var waiting = troupe.Submit(2);
        await Within.Time(gate.Reached);

        var end = isAsynchronous ? provider.DisposeAsync().AsTask() : Task.Run(provider.Dispose);
        await Assert.ThatAsync(() => RefusedAsync(troupe), Throws.TypeOf<ObjectDisposedException>());
        gate.Open();
        await Within.Time(end);

        Assert.That((running.Result(TimeSpan.Zero), waiting.Result(TimeSpan.Zero)), Is.EqualTo(("1", "2")));
        Assert.That(notes.Lines, Is.EqualTo(new[] { "tool ends" }));
    }

    // No container makes scopes while it is disposed.
    [Test]
    public async Task Container_WithoutAHost_FaultsTheTasksThatNeedAScopeOfTheirOwn_WithAnErrorThatSaysSo()
    {
        var gate = new Gate();
        var provider = Build.Provider(services => services.AddTinyTroupe<int, int>(
            "f", async (_, x, token) =>
            {
                await gate.PassAsync(token);
                return x;
            },
            settings => settings.Workers = 1));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, int>>();
        var running = troupe.Submit(1);
        var waiting = troupe.Submit(2);
        await Within.Time(gate.Reached);

        var end = provider.DisposeAsync().AsTask();
        await Assert.ThatAsync(() => RefusedAsync(troupe), Throws.TypeOf<ObjectDisposedException>());
        gate.Open();
        await Within.Time(end);

        Assert.That(running.Result(TimeSpan.Zero), Is.EqualTo(1));
        var error = Assert.Throws<ObjectDisposedException>(() => waiting.Result(TimeSpan.Zero));
        Assert.That(error.Message, Does.Contain("'f'").And.Contains("Stop the host first"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Container_OfAHostThatWasNotStopped_DrainsBeforeTheServicesOfTheWorkersEnd(bool isAsynchronous)
    {
        var gate = new Gate();
        var host = Build.Host(services => services.AddSingleton(gate).AddSingleton<Connection>()
            .AddTinyTroupe<int, string, Connected>("w", settings => settings.Workers = 1));
        await Within.Time(host.StartAsync());
        // Under the key that the start itself has used: what a container makes anew now, it would dispose first in any case.
        var troupe = host.Services.GetRequiredKeyedService<TinyTroupe<int, string>>("w");
        var running = troupe.Submit(1);
        var waiting = troupe.Submit(2);
        await Within.Time(gate.Reached);

        var end = isAsynchronous ? ((IAsyncDisposable)host).DisposeAsync().AsTask() : Task.Run(host.Dispose);
        await Assert.ThatAsync(() => RefusedAsync(troupe), Throws.TypeOf<ObjectDisposedException>());
        gate.Open();
        await Within.Time(end);
        Assert.That((running.Result(TimeSpan.Zero), waiting.Result(TimeSpan.Zero)), Is.EqualTo(("alive", "alive")));
    }

    // The task ends when the service is disposed, which the container does only after the troupes are drained.
    [TestCase(true)]
    [TestCase(false)]
    public async Task Container_OfAHostWhoseStartHasFailedInAnotherService_AbortsWhatDoesNotEndInTime(bool isAsynchronous)
    {
        var gate = new Gate();
        var host = Build.Host(services => services.AddSingleton(gate)
            .Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(3))
            .AddTinyTroupe<int, string, Waiting>("w", static settings => settings.Workers = 1)
            .AddScoped<Tool>().AddSingleton<Notes>()
            .AddHostedService<Listening>().AddHostedService<Failing>());
        await Assert.ThatAsync(() => Within.Time(host.StartAsync()), Throws.TypeOf<TimeZoneNotFoundException>());
        await Within.Time(gate.Reached);

        await Within.Time(isAsynchronous ? ((IAsyncDisposable)host).DisposeAsync().AsTask() : Task.Run(host.Dispose));
    }

    [Test]
    public async Task Container_OfATroupeThatNobodyAskedFor_MakesNone()
    {
        var made = 0;
        var provider = Build.Provider(services => services.AddTinyTroupe<int, int>("n", (_, options) =>
        {
            made++;
            return new TinyTroupe<int, int>(static x => x, options);
        }));
        await Within.Time(provider.DisposeAsync());
        Assert.That(made, Is.Zero);
    }

    [Test]
    public async Task Scope_ThatHasAskedForATroupe_DoesNotEndIt()
    {
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>("n", static (_, x, _) => x));
        await using (var scope = provider.CreateAsyncScope())
        {
            _ = scope.ServiceProvider.GetRequiredService<ITinyTroupe<int, int>>();
            _ = scope.ServiceProvider.GetRequiredKeyedService<TinyTroupe<int, int>>("n");
        }

        Assert.That(await Within.Time(provider.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(1)), Is.EqualTo(1));
    }

    // Submits until the troupe is closed.
    private static async Task RefusedAsync<TOut>(ITinyTroupe<int, TOut> troupe)
    {
        using var deadline = new CancellationTokenSource(Within.Deadline);
        while (true)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
            _ = troupe.Submit(0, source.Token).Cancel();
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    private sealed class Listening(ITinyTroupe<int, string> troupe) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken) => await troupe.Submit(1, stoppingToken);
    }

    private sealed class Failing : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new TimeZoneNotFoundException();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Waiting(Gate gate, Tool tool) : TinyAsyncWorker<int, string>
    {
        public override async ValueTask<string> CallAsync(int input, CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            return tool.IsDisposed ? "too late" : $"{input}";
        }
    }

    private sealed class Connection : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Connected(Gate gate, Connection connection) : TinyAsyncWorker<int, string>
    {
        public override async ValueTask<string> CallAsync(int input, CancellationToken cancellationToken)
        {
            await gate.PassAsync(cancellationToken);
            return connection.IsDisposed ? "disposed" : "alive";
        }
    }
}
