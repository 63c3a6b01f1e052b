namespace TinyWorker.Hosting.Tests.Registration;

/// <summary>A troupe that would be needed to make itself.</summary>
internal sealed class OwnTroupeTests
{
    [Test]
    public async Task Worker_ThatTakesItsOwnTroupe_FailsTheStartWithBothNames()
    {
        var error = await Build.Host(services => services.AddTinyTroupe<int, int, Crawler>("crawl")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'crawl'").And.Contains("'own' of Crawler"));
    }

    [Test]
    public async Task Worker_ThatTakesItsOwnTroupeByItsKey_FailsTheStartWithBothNames()
    {
        var error = await Build.Host(services => services.AddTinyTroupe<int, int, KeyedCrawler>("crawl")
            .AddTinyTroupe<int, int>("other", static (_, x, _) => x)).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'crawl'").And.Contains("'own' of KeyedCrawler"));
    }

    [Test]
    public async Task Worker_ThatTakesAnotherTroupeOfItsTypes_Works()
    {
        using var host = Build.Host(services => services.AddTinyTroupe<int, int, KeyedCrawler>("leaf", settings => settings.Workers = 1)
            .AddTinyTroupe<int, int>("crawl", static (_, x, _) => -x));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredKeyedService<ITinyTroupe<int, int>>("leaf");
        Assert.That(await Within.Time(troupe.CallAsync(3)), Is.EqualTo(-3));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task InlineWorker_ThatTakesItsOwnTroupeThroughAService_FailsTheStartWithBothNames()
    {
        var error = await Build.Host(services => services.AddTransient<Holder>()
            .AddTinyTroupe<int, int, HolderWorker>("crawl", settings => settings.Backend = TroupeBackend.Inline)).FailingStartAsync();
        Assert.That(error, Is.TypeOf<WorkerStartException>());
        Assert.That(error.InnerException, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'crawl'").And.Contains("HolderWorker"));
    }

    // The container has the troupe as soon as its constructor has returned, and nobody waits for the worker before.
    [Test]
    public async Task ThreadWorker_ThatTakesItsOwnTroupeThroughAService_GetsIt()
    {
        using var host = Build.Host(services => services.AddTransient<Holder>()
            .AddTinyTroupe<int, int, HolderWorker>("crawl", settings => settings.Workers = 2));
        await Within.Time(host.StartAsync());
        Assert.That(await Within.Time(host.Services.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(3)), Is.EqualTo(3));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task FunctionThatMakesATroupe_AndAsksForIt_IsRefused()
    {
        var error = await Build.Host(services => services.AddTinyTroupe<int, int>(
            "hand", static (provider, _) => provider.GetRequiredKeyedService<TinyTroupe<int, int>>("hand"))).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'hand'").And.Contains("the function that makes it"));
    }

    [Test]
    public async Task Worker_ThatIsASingleton_FailsTheStart()
    {
        var error = await Build.Host(services => services.AddSingleton<Notes>().AddScoped<Tool>().AddSingleton<Lonely>()
            .AddTinyTroupe<int, int, Lonely>("one")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("Lonely").And.Contains("'one'").And.Contains("scoped or transient"));
    }

    [Test]
    public async Task Worker_OfAnOpenGenericSingleton_FailsTheStart()
    {
        var error = await Build.Host(services => services.AddSingleton(typeof(Generic<>))
            .AddTinyTroupe<int, int, Generic<string>>("one")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("Generic").And.Contains("'one'").And.Contains("scoped or transient"));
    }

    [Test]
    public async Task Worker_OfAnOpenGenericScopedService_Works()
    {
        using var host = Build.Host(services => services.AddScoped(typeof(Generic<>))
            .AddTinyTroupe<int, int, Generic<string>>("one", static settings => settings.Workers = 1));
        await Within.Time(host.StartAsync());
        Assert.That(await Within.Time(host.Services.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(3)), Is.EqualTo(3));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Worker_WhoseOtherConstructorTakesItsOwnTroupe_Works()
    {
        using var host = Build.Host(services => services.AddTinyTroupe<int, int, TwoWays>("t", static settings => settings.Workers = 1));
        await Within.Time(host.StartAsync());
        Assert.That(await Within.Time(host.Services.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(3)), Is.EqualTo(3));
        await Within.Time(host.StopAsync());
    }

    private sealed class Crawler(ITinyTroupe<int, int> own) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => own.Workers();
    }

    private sealed class KeyedCrawler([FromKeyedServices("crawl")] TinyTroupe<int, int> own) : TinyAsyncWorker<int, int>
    {
        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => own.CallAsync(input, cancellationToken);
    }

    private sealed class Holder(ITinyTroupe<int, int> troupe)
    {
        public ITinyTroupe<int, int> Troupe { get; } = troupe;
    }

    private sealed class HolderWorker(Holder holder) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => holder.Troupe.Name == "crawl" ? input : -1;
    }

    private sealed class Generic<T> : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => typeof(T) == typeof(string) ? input : -1;
    }

    private sealed class TwoWays(ITinyTroupe<int, int>? own) : TinyWorker<int, int>
    {
        [ActivatorUtilitiesConstructor]
        public TwoWays()
            : this(own: null)
        {
        }

        public override int Call(int input, CancellationToken cancellationToken) => own is null ? input : -1;
    }

    private sealed class Lonely : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}

internal static class OwnTroupeExtensions
{
    public static int Workers(this ITinyTroupe<int, int> troupe) => troupe.Snapshot().Workers.Count;
}
