using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Hosting.Tests.Lifetime;

internal sealed class StartTests
{
    [Test]
    public async Task Services_ThatStartWithTheHost_FindTheTroupesReady()
    {
        var service = new Starting(provider => provider.GetRequiredService<ITinyTroupe<int, string>>().Snapshot().Workers
            .All(worker => worker.State == WorkerState.Idle));
        using var host = Build.Host(services =>
        {
            services.AddSingleton<IHostedService>(provider => service.In(provider));   // before the troupes
            services.AddSingleton<Notes>().AddScoped<Tool>().AddTinyTroupe<int, string, Starter>("s", settings => settings.Workers = 3);
        });
        await Within.Time(host.StartAsync());
        Assert.That(service.Saw, Is.True);
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task WorkerThatCannotBeMade_IsThrownByTheStart_AndNothingLivesOn()
    {
        var names = ($"good {Guid.NewGuid()}", $"bad {Guid.NewGuid()}");
        var error = await Build.Host(services => services.AddTinyTroupe<int, int>(names.Item1, static (_, x, _) => x)
            .AddTinyTroupe<int, int, NoWorker>(names.Item2)).FailingStartAsync();

        Assert.That(error, Is.TypeOf<WorkerStartException>());
        Assert.That(error.InnerException, Is.TypeOf<TimeZoneNotFoundException>());
        Assert.That(TinyTroupes.Living.Select(each => each.Name), Has.None.EqualTo(names.Item1).And.None.EqualTo(names.Item2));
    }

    // The start must not wait for the others, which may take long.
    [Test]
    public async Task WorkerThatCannotBeMade_EndsTheStartWhileAnotherTroupeStillStarts()
    {
        var name = $"slow {Guid.NewGuid()}";
        var error = await Build.Host(services => services.AddTinyTroupe<int, int, Slow>(name)
            .AddTinyTroupe<int, int, NoWorker>("bad")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<WorkerStartException>());
        Assert.That(TinyTroupes.Living.Select(each => each.Name), Has.None.EqualTo(name));
    }

    [Test]
    public async Task Start_WhoseTokenFires_EndsAndLeavesNoTroupe()
    {
        var name = $"slow {Guid.NewGuid()}";
        using var host = Build.Host(services => services.AddTinyTroupe<int, int, Slow>(name));
        using var source = new CancellationTokenSource();
        var start = host.StartAsync(source.Token);
        Within.Until(() => TinyTroupes.Living.Any(each => each.Name == name), "the troupe that starts");
        await source.CancelAsync();

        await Assert.ThatAsync(() => Within.Time(start), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(TinyTroupes.Living.Select(each => each.Name), Has.None.EqualTo(name));
    }

    [Test]
    public async Task Start_WhoseTokenFiresWhileAConstructorBlocks_Ends()
    {
        using var gate = new ManualResetEventSlim();
        using var host = Build.Host(services => services.AddSingleton(gate)
            .AddTinyTroupe<int, int, Blocked>("blocked", settings => (settings.Workers, settings.CancellationGrace) = (1, TimeSpan.Zero)));
        using var source = new CancellationTokenSource();
        var start = host.StartAsync(source.Token);
        Within.Until(() => Blocked.Made > 0, "the worker that blocks");
        await source.CancelAsync();

        await Assert.ThatAsync(() => Within.Time(start), Throws.InstanceOf<OperationCanceledException>());
        gate.Set();
    }

    [Test]
    public async Task Start_WhoseTokenHasFired_MakesNoTroupe()
    {
        var made = 0;
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>("a", (_, options) =>
        {
            made++;
            return new TinyTroupe<int, int>(static x => x, options);
        }));
        var lifetime = (IHostedLifecycleService)provider.GetRequiredService<IHostedService>();
        await Assert.ThatAsync(
            () => Within.Time(lifetime.StartingAsync(new CancellationToken(canceled: true))),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(made, Is.Zero);
    }

    [Test]
    public async Task TroupeThatNeedNotBeReady_DoesNotHoldUpTheStart()
    {
        using var host = Build.Host(
            services => services.AddTinyTroupe<int, int, Slow>("slow", settings => settings.WaitUntilReady = false));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<ITinyTroupe<int, int>>();
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Starting));
        troupe.Abort();
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task ManyTroupes_OfTheSameTypes_AllStartAndStop()
    {
        var names = Enumerable.Range(0, 10).Select(i => $"{i} {Guid.NewGuid()}").ToArray();
        using var host = Build.Host(services =>
        {
            foreach (var name in names) services.AddTinyTroupe<int, int>(name, static (_, x, _) => x, settings => settings.Workers = 1);
        });
        await Within.Time(host.StartAsync());
        Assert.That(TinyTroupes.Living.Select(each => each.Name), Is.SupersetOf(names));
        await Within.Time(host.StopAsync());
        Assert.That(TinyTroupes.Living.Select(each => each.Name).Intersect(names), Is.Empty);
    }

    [Test]
    public async Task Loggers_OfTheContainer_HearTheTroupe()
    {
        using var host = Build.Host(services => services.AddTinyTroupe<int, int>("heard", static (_, x, _) => x));
        await Within.Time(host.StartAsync());
        var debug = host.Records().Where(record => record.Level == LogLevel.Debug).Select(record => record.Message);
        Assert.That(debug, Has.Some.StartsWith("heard: worker"));
        await Within.Time(host.StopAsync());
    }

    private sealed class NoWorker : TinyWorker<int, int>
    {
        public NoWorker() => throw new TimeZoneNotFoundException();

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }

    private sealed class Blocked : TinyWorker<int, int>
    {
        private static int s_made;

        public Blocked(ManualResetEventSlim gate)
        {
            Interlocked.Increment(ref s_made);
            gate.Wait(Within.Deadline);
        }

        public static int Made => Volatile.Read(ref s_made);

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }

    /// <summary>Starts only when the troupe aborts.</summary>
    private sealed class Slow : TinyAsyncWorker<int, int>
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);
    }

    private sealed class Starting(Func<IServiceProvider, bool> look) : IHostedService
    {
        private IServiceProvider? _provider;

        public bool Saw { get; private set; }

        public Starting In(IServiceProvider provider)
        {
            _provider = provider;
            return this;
        }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Saw = look(_provider!);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
