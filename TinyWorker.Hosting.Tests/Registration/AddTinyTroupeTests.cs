namespace TinyWorker.Hosting.Tests.Registration;

internal sealed class AddTinyTroupeTests
{
    [Test]
    public async Task Troupe_ByItsKey_IsOneTroupeUnderBothTypes()
    {
        await using var provider = Build.Provider(services => services
            .AddTinyTroupe<int, string>("a", static (_, x, _) => $"a{x}").AddTinyTroupe<int, string>("b", static (_, x, _) => $"b{x}"));

        var a = provider.GetRequiredKeyedService<ITinyTroupe<int, string>>("a");
        var b = provider.GetRequiredKeyedService<TinyTroupe<int, string>>("b");

        Assert.That(await Within.Time(a.CallAsync(1)), Is.EqualTo("a1"));
        Assert.That(await Within.Time(b.CallAsync(1)), Is.EqualTo("b1"));
        Assert.That((a.Name, b.Name), Is.EqualTo(("a", "b")));
        Assert.That(provider.GetRequiredKeyedService<TinyTroupe<int, string>>("a"), Is.SameAs(a));
    }

    [Test]
    public async Task Troupe_WithoutAKeyWhileItsTypesAreUnique_IsTheSame()
    {
        await using var provider = Build.Provider(services => services
            .AddTinyTroupe<int, string>("a", static (_, x, _) => $"a{x}").AddTinyTroupe<int, int>("b", static (_, x, _) => x));

        var keyed = provider.GetRequiredKeyedService<TinyTroupe<int, string>>("a");
        Assert.That(provider.GetRequiredService<TinyTroupe<int, string>>(), Is.SameAs(keyed));
        Assert.That(provider.GetRequiredService<ITinyTroupe<int, string>>(), Is.SameAs(keyed));
    }

    [Test]
    public async Task Troupe_WithoutAKeyWhileThereAreTwo_IsRefusedWithTheirNames()
    {
        await using var provider = Build.Provider(services => services
            .AddTinyTroupe<int, string>("first", static (_, x, _) => "").AddTinyTroupe<int, string>("second", static (_, x, _) => ""));

        var error = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<ITinyTroupe<int, string>>());
        Assert.That(error.Message, Does.Contain("'first', 'second'").And.Contains("FromKeyedServices"));
        Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<TinyTroupe<int, string>>());
    }

    [TestCase("twice", "already")]
    [TestCase("Twice", "have no case")]
    public void Name_ASecondTime_IsRefusedWhereItIsAdded(string name, string why)
    {
        var services = new ServiceCollection().AddTinyTroupe<int, string>("twice", static (_, x, _) => "");
        var before = services.Count;

        var error = Assert.Throws<ArgumentException>(() => services.AddTinyTroupe<int, int>(name, static (_, x, _) => x));
        Assert.That(error.Message, Does.Contain("'twice'").And.Contains(why));
        Assert.That(services, Has.Count.EqualTo(before), "nothing of it was added");
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("a:b")]
    public void Name_ThatCannotBeASection_IsRefused(string name) =>
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddTinyTroupe<int, int>(name, static (_, x, _) => x));

    [Test]
    public async Task Name_WithOddCharacters_IsConfiguredAndFound()
    {
        const string Name = "größe/2 (b.c) {x}";
        using var host = Build.Host(
            services => services.AddTinyTroupe<int, string>(Name, static (_, x, _) => $"{x}"),
            ($"TinyTroupes:{Name.ToUpperInvariant()}:workers", "3"));
        await Within.Time(host.StartAsync());

        Assert.That(host.Services.GetRequiredKeyedService<TinyTroupe<int, string>>(Name).Workers, Is.EqualTo(3));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public void Nulls_AreRefused()
    {
        var services = new ServiceCollection();
        Assert.Throws<ArgumentNullException>(() => services.AddTinyTroupe<int, string, Bare>(null!));
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddTinyTroupe<int, string, Bare>("a"));
        Assert.Throws<ArgumentNullException>(
            () => services.AddTinyTroupe("a", (Func<IServiceProvider, int, CancellationToken, int>)null!));
        Assert.Throws<ArgumentNullException>(
            () => services.AddTinyTroupe("a", (Func<IServiceProvider, int, CancellationToken, Task<int>>)null!));
        Assert.Throws<ArgumentNullException>(
            () => services.AddTinyTroupe("a", (Func<IServiceProvider, TinyTroupeOptions, TinyTroupe<int, int>>)null!));
        Assert.That(services, Is.Empty);
    }

    [Test]
    public async Task TwoContainersOfOneCollection_HaveTroupesOfTheirOwn()
    {
        var services = new ServiceCollection().AddTinyTroupe<int, int>("a", static (_, x, _) => x);
        await using var first = services.BuildServiceProvider();
        await using var second = services.BuildServiceProvider();

        Assert.That(
            first.GetRequiredService<TinyTroupe<int, int>>(), Is.Not.SameAs(second.GetRequiredService<TinyTroupe<int, int>>()));
    }

    [Test]
    public async Task TroupeOfTheApplicationsOwn_WithoutAKey_StaysThere()
    {
        await using var own = new TinyTroupe<int, int>(static x => -x, new() { Workers = 1 });
        await using var provider = Build.Provider(services =>
        {
            services.AddSingleton<ITinyTroupe<int, int>>(own);
            services.AddTinyTroupe<int, int>("a", static (_, x, _) => x);
        });

        Assert.That(provider.GetRequiredService<ITinyTroupe<int, int>>(), Is.SameAs(own));
    }

    [Test]
    public async Task TroupeByHand_GetsTheOptionsOfItsBackendNameLoggersAndClock()
    {
        TinyTroupeOptions? given = null;
        using var host = Build.Host(
            services =>
            {
                services.AddSingleton<TimeProvider>(new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
                services.AddTinyTroupe<int, int>("hand", (provider, options) =>
                {
                    given = options;
                    return new TinyTroupe<int, int>(static x => x, options);
                });
            },
            ("TinyTroupes:hand:Backend", "threads"), ("TinyTroupes:hand:MaxStackSize", "262144"), ("TinyTroupes:hand:Workers", "2"));
        await Within.Time(host.StartAsync());

        Assert.That(given, Is.TypeOf<ThreadTroupeOptions>());
        Assert.That(((ThreadTroupeOptions)given!).MaxStackSize, Is.EqualTo(262144));
        Assert.That((given.Name, given.Workers), Is.EqualTo(("hand", 2)));
        Assert.That(given.LoggerFactory, Is.SameAs(host.Services.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>()));
        Assert.That(given.TimeProvider, Is.SameAs(host.Services.GetRequiredService<TimeProvider>()));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task TroupeByHand_ThatDropsTheOptions_FailsTheStart()
    {
        TinyTroupe<int, int>? made = null;
        var error = await Build.Host(services => services.AddTinyTroupe<int, int>(
            "hand", (_, _) => made = new TinyTroupe<int, int>(static x => x, new() { Name = "another", Workers = 1 }))).FailingStartAsync();

        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("'hand'").And.Contains("'another'").And.Contains("options"));
        Within.Until(() => made!.Snapshot().Condition == TroupeCondition.Stopped, "the end of the troupe that was refused");
    }

    [Test]
    public async Task Processes_OfATroupeByHand_Work()
    {
        using var host = Build.Host(
            services => services.AddTinyTroupe<int, int>(
                "processes", static (_, options) => new TinyTroupe<int, int>(static _ => Environment.ProcessId, options)),
            ("TinyTroupes:processes:Backend", "Processes"), ("TinyTroupes:processes:Workers", "1"),
            ("TinyTroupes:processes:StartTimeout", "00:01:00"));
        await Within.Time(host.StartAsync());

        var id = await Within.Time(host.Services.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(1));
        Assert.That(id, Is.Not.EqualTo(Environment.ProcessId));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task Processes_OfAWorkerOrAFunctionOfTheContainer_AreRefusedWithTheOverloadToTake()
    {
        foreach (var add in new Action<IServiceCollection>[]
        {
            services => services.AddTinyTroupe<int, string, Bare>("p", settings => settings.Backend = TroupeBackend.Processes),
            services => services.AddTinyTroupe<int, string>("p", (_, x, _) => "", settings => settings.Backend = TroupeBackend.Processes),
            services => services.AddTinyTroupe<int, string>(
                "p", async (_, x, _) => "",
                settings => (settings.Backend, settings.ExitTimeout) = (TroupeBackend.Processes, TimeSpan.FromSeconds(1))),
        })
        {
            var error = await Build.Host(add).FailingStartAsync();
            Assert.That(error, Is.TypeOf<InvalidOperationException>());
            Assert.That(error.Message, Does.Contain("AddTinyTroupe<Int32, String>(\"p\", (services, options) => new TinyTroupe"));
        }
    }
}
