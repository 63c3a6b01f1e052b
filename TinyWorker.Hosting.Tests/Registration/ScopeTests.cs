namespace TinyWorker.Hosting.Tests.Registration;

internal sealed class ScopeTests
{
    [TestCase(TroupeBackend.Threads)]
    [TestCase(TroupeBackend.Pool)]
    [TestCase(TroupeBackend.Inline)]
    public async Task WorkerClass_HasAScopeThatEndsAfterIt(TroupeBackend backend)
    {
        var notes = new Notes();
        await using (var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>()
            .AddTinyTroupe<int, string, Doubler>("d", settings => (settings.Backend, settings.Workers) = (backend, 1))))
        {
            var troupe = provider.GetRequiredService<ITinyTroupe<int, string>>();
            Assert.That(await Within.Time(troupe.CallAsync(1)), Is.EqualTo("2 by d #0 of 1"));
            Assert.That(await Within.Time(troupe.CallAsync(2)), Is.EqualTo("4 by d #0 of 1"));
            Assert.That(notes.Lines, Is.Empty, "the scope lives as long as the worker");
        }

        Assert.That(notes.Lines, Is.EqualTo(new[] { "worker ends", "tool ends" }));
    }

    [Test]
    public async Task WorkerClass_OfTheContainer_IsDisposedOnceWithItsScope()
    {
        var notes = new Notes();
        await using (var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>().AddScoped<Doubler>()
            .AddTinyTroupe<int, string, Doubler>("d", settings => settings.Workers = 1)))
        {
            var troupe = provider.GetRequiredService<ITinyTroupe<int, string>>();
            Assert.That(await Within.Time(troupe.CallAsync(1)), Is.EqualTo("2 by d #0 of 1"));
        }

        Assert.That(notes.Lines, Is.EqualTo(new[] { "worker ends", "tool ends" }));
    }

    [Test]
    public async Task WorkerClass_ThatIsReplaced_EndsWithItsScopeBeforeTheNext()
    {
        var notes = new Notes();
        await using var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>()
            .AddTinyTroupe<int, string, Doubler>("d", settings => (settings.Workers, settings.MaxTasksPerWorker) = (1, 1)));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, string>>();

        await Within.Time(troupe.CallAsync(1));
        await Within.Time(troupe.CallAsync(2));   // by another worker: the first has ended

        Assert.That(notes.Lines.Take(2), Is.EqualTo(new[] { "worker ends", "tool ends" }));
    }

    [Test]
    public async Task EachWorker_HasAScopeAndAnInfoOfItsOwn()
    {
        await using var provider = Build.Provider(services => services.AddSingleton<Notes>().AddScoped<Tool>()
            .AddTinyTroupe<int, int, Teller>("d", settings => settings.Workers = 3));
        var troupe = provider.GetRequiredService<TinyTroupe<int, int>>();
        await Within.Time(troupe.WhenReadyAsync());

        var tools = await Within.Time(TinyFuture.WhenAll(troupe.SubmitToEach(0)).AsTask());
        var indexes = await Within.Time(TinyFuture.WhenAll(troupe.SubmitToEach(1)).AsTask());
        Assert.That(tools, Is.Unique);
        Assert.That(indexes, Is.EquivalentTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public async Task AsynchronousWorkerClass_IsStartedAndHasItsScope()
    {
        await using var provider = Build.Provider(services => services.AddSingleton<Notes>().AddScoped<Tool>()
            .AddTinyTroupe<int, string, Starter>("s", settings => settings.Workers = 1));
        Assert.That(await Within.Time(provider.GetRequiredService<ITinyTroupe<int, string>>().CallAsync(7)), Is.EqualTo("7"));
    }

    [Test]
    public async Task WorkerOfTheInterfaceAlone_HasItsScope()
    {
        await using var provider = Build.Provider(services => services.AddSingleton<Notes>().AddScoped<Tool>()
            .AddTinyTroupe<int, string, Bare>("s", settings => settings.Workers = 1));
        Assert.That(await Within.Time(provider.GetRequiredService<ITinyTroupe<int, string>>().CallAsync(7)), Is.EqualTo("7"));
    }

    [TestCase(TroupeBackend.Threads)]
    [TestCase(TroupeBackend.Pool)]
    [TestCase(TroupeBackend.Inline)]
    public async Task Function_HasAScopeForEachTaskThatEndsBeforeTheTask(TroupeBackend backend)
    {
        var notes = new Notes();
        await using var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>().AddTinyTroupe<int, int>(
            "f", static (scope, x, _) => scope.GetRequiredService<Tool>().Number,
            settings => (settings.Backend, settings.Workers) = (backend, 1)));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, int>>();

        var first = await Within.Time(troupe.CallAsync(0));
        Assert.That(notes.Lines, Has.Length.EqualTo(1));
        Assert.That(await Within.Time(troupe.CallAsync(0)), Is.Not.EqualTo(first));
        Assert.That(notes.Lines, Has.Length.EqualTo(2));
    }

    [Test]
    public async Task AsynchronousFunction_HasItsScopeUntilItsLastLine()
    {
        var notes = new Notes();
        await using var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>().AddTinyTroupe<int, string>(
            "f", static async (scope, x, _) =>
            {
                var tool = scope.GetRequiredService<Tool>();
                await Task.Yield();
                var info = scope.GetRequiredService<WorkerInfo>();
                return $"{info.Troupe} #{info.Index}{(tool.IsDisposed ? ", too late" : "")}";
            },
            settings => settings.Workers = 1));

        Assert.That(await Within.Time(provider.GetRequiredService<ITinyTroupe<int, string>>().CallAsync(0)), Is.EqualTo("f #0"));
        Assert.That(notes.Lines, Is.EqualTo(new[] { "tool ends" }));
    }

    [Test]
    public async Task Function_ThatThrows_EndsItsScopeAndFaultsWithItsOwnError()
    {
        await using var provider = Build.Provider(services => services.AddScoped<Breaking>().AddTinyTroupe<int, int>(
            "f", static (scope, x, _) =>
            {
                scope.GetRequiredService<Breaking>();
                return x > 0 ? x : throw new TimeZoneNotFoundException();
            },
            settings => settings.Workers = 1));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, int>>();

        await Assert.ThatAsync(() => Within.Time(troupe.CallAsync(0)), Throws.TypeOf<TimeZoneNotFoundException>());
        await Assert.ThatAsync(
            () => Within.Time(troupe.CallAsync(1)), Throws.TypeOf<NotFiniteNumberException>(), "what the disposal throws is not lost");
    }

    // The core does the same for the synchronous functions that it is given.
    [Test]
    public async Task SynchronousFunction_ThatBlocksOnItsOwnAsynchronousCode_DoesNotWaitForItself()
    {
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>(
            "f", static (_, x, _) => ComputeAsync(x).Result, settings => settings.Workers = 1));
        Assert.That(await Within.Time(provider.GetRequiredService<ITinyTroupe<int, int>>().CallAsync(1)), Is.EqualTo(2));

        static async Task<int> ComputeAsync(int x)
        {
            await Task.Yield();
            return x + 1;
        }
    }

    [TestCase(null, 1)]
    [TestCase(false, 0)]
    public async Task HungFunction_IsReplacedUnlessTheSettingsSayOtherwise(bool? replace, int abandoned)
    {
        var gate = new Gate();
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>(
            "f", (_, x, _) =>
            {
                gate.PassAsync(CancellationToken.None).Wait(Within.Deadline, CancellationToken.None);   // it hangs
                return x;
            },
            settings => (settings.Workers, settings.CancellationGrace, settings.ReplaceHungWorkers) = (1, TimeSpan.Zero, replace)));
        var troupe = provider.GetRequiredService<ITinyTroupe<int, int>>();

        var future = troupe.Submit(1);
        await Within.Time(gate.Reached);
        future.Cancel();
        await Assert.ThatAsync(() => Within.Time(future.AsTask()), Throws.InstanceOf<OperationCanceledException>());
        if (abandoned > 0) Within.Until(() => troupe.Snapshot().Abandoned == abandoned, "the worker that was given up");
        else Within.Until(() => troupe.Snapshot().Workers[0].State == WorkerState.Hung, "the worker that hangs");
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(abandoned));
        gate.Open();
    }

    [Test]
    public async Task WorkerInfo_OutsideOfAWorker_IsRefused()
    {
        await using var provider = Build.Provider(services => services.AddTinyTroupe<int, int>("f", static (_, x, _) => x));
        await using var scope = provider.CreateAsyncScope();
        var error = Assert.Throws<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<WorkerInfo>());
        Assert.That(error.Message, Does.Contain("worker of a troupe"));
    }

    [Test]
    public async Task WorkerThatCannotBeMade_EndsItsScope()
    {
        var notes = new Notes();
        await using var provider = Build.Provider(services => services.AddSingleton(notes).AddScoped<Tool>()
            .AddTinyTroupe<int, int, Failing>("f", settings => settings.Workers = 1));
        var troupe = provider.GetRequiredService<TinyTroupe<int, int>>();

        var error = await Assert.ThrowsAsync<WorkerStartException>(() => Within.Time(troupe.WhenReadyAsync()));
        Assert.That(error.InnerException, Is.TypeOf<TimeZoneNotFoundException>());
        Assert.That(error.InnerException!.StackTrace, Does.Contain(nameof(Failing)), "the stack of the cause");
        await Within.Time(troupe.DisposeAsync());
        Assert.That(notes.Lines, Is.Not.Empty.And.All.EqualTo("tool ends"));
    }

    private sealed class Teller(Tool tool, WorkerInfo info) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input == 0 ? tool.Number : info.Index;
    }

    private sealed class Failing : TinyWorker<int, int>
    {
        public Failing(Tool tool)
        {
            _ = tool;
            throw new TimeZoneNotFoundException();
        }

        public override int Call(int input, CancellationToken cancellationToken) => input;
    }

    private sealed class Breaking : IDisposable
    {
        public void Dispose() => throw new NotFiniteNumberException();
    }
}
