using System.Globalization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What of its surroundings a worker process shares with its parent.</summary>
internal sealed class SurroundingsTests : TroupeFixture
{
    private static IEnumerable<TinyTroupeOptions> Backends =>
        [new ThreadTroupeOptions(), new PoolTroupeOptions(), new InlineTroupeOptions(), new ProcessTroupeOptions()];

    [TestCaseSource(nameof(Backends))]
    public async Task Worker_OfEveryBackend_HasTheDefaultCultureAndNotTheSubmitters(TinyTroupeOptions options)
    {
        using var cultures = new Cultures(Changed(";"), Changed("!"), own: Changed("?"));
        await using var troupe = new TinyTroupe<double, string>(
            async x =>
            {
                await Task.Yield();
                return $"{x:N2} {new DateTime(2026, 3, 1):d MMMM} {x.ToString("N2", CultureInfo.CurrentUICulture)}";
            },
            options with { Workers = 1 });
        Assert.That(await Result(troupe.Submit(1234.5)), Is.EqualTo("12'34;50 1 Month 3 12'34!50"));
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_OfAProgramWithoutADefaultCulture_HasThatOfTheSystem()
    {
        using var cultures = new Cultures(null, null, own: Changed(";"));
        await using var troupe = new TinyTroupe<int, string>(
            x => $"{x:N1}{CultureInfo.DefaultThreadCurrentCulture?.Name}", new ProcessTroupeOptions { Workers = 1 });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo("1.0"));
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_ThatIsReplaced_HasTheCultureOfTheTimeWhenTheTroupeWasMade()
    {
        using var cultures = new Cultures(Changed(";"), null, own: CultureInfo.InvariantCulture);
        await using var troupe = new TinyTroupe<int, string>(
            x => $"{x:N1}", new ProcessTroupeOptions { Workers = 1, MaxTasksPerWorker = 1 });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo("1;0"));
        CultureInfo.DefaultThreadCurrentCulture = Changed("!");
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo("1;0"));
        await Dispose(troupe);
    }

    [Test]
    public async Task AsynchronousWorker_ThatBlocksOnAsynchronousCodeAfterAnAwait_DoesNotDeadlock(
        [Values] bool isFunction, [Values] bool isPool)
    {
        TinyTroupeOptions options = isPool ? new PoolTroupeOptions { Workers = 1 } : new ProcessTroupeOptions { Workers = 1 };
        await using var troupe = isFunction
            ? new TinyTroupe<int, int>(async x => await BlocksAsync(x), options)
            : new TinyTroupe<int, int>(static _ => new BlockingWorker(), options);
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(2));
        await Dispose(troupe);
    }

    // The class of the function's own troupe: its initializer runs in each worker, too.
    [Test]
    public async Task Troupe_OfAStaticField_IsNotMadeAgainInItsWorkers()
    {
        var troupe = Initialized.Troupe;
        var fault = await Fault<TypeInitializationException>(troupe.Submit(1));
        Assert.That(fault.InnerException!.Message, Does.StartWith("A static initializer makes the troupe of this").And.Contain("Lazy"));
        Assert.That(ProcessTable.Children(), Has.Length.EqualTo(1));
        await Dispose(troupe);
    }

    [Test]
    public void Troupe_OfAStaticFieldThatItsInitializerUses_EndsWithAnErrorAndNoChain()
    {
        var fault = Assert.Throws<TypeInitializationException>(() => _ = UsedByItsInitializer.First);
        Assert.That(fault!.ToString(), Does.Contain("A static initializer makes the troupe of this function"));
        Within.Time(Holder.Made!.Dispose);
    }

    [Test]
    public async Task Troupe_OfAStaticFieldThatOnlyTheWorkersUse_IsMadeThere()
    {
        await using var troupe = new TinyTroupe<int, int>(
            static x => x < 0 ? x : Inner.Troupe.Submit(x).Result(), new ProcessTroupeOptions { Workers = 1 });
        Assert.That(await Result(troupe.Submit(3)), Is.EqualTo(9));
        await Dispose(troupe);
    }

    [Test]
    public async Task Troupe_WhoseProcessesCannotBeStarted_DoesNotBlameTheWorkersFactory()
    {
        await using var troupe = new TinyTroupe<int, int>(static x => x, new ProcessTroupeOptions
        {
            Workers = 1, Environment = _ => new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "1" },
        });
        var failure = await Fault<WorkerStartException>(troupe.Submit(1));
        Assert.That(failure.Message, Does.Contain("GC heap").And.Contain("when that is mended").And.Not.Contain("factory"));
        await Dispose(troupe);
    }

    // What the page on worker processes says. The number is hexadecimal, as all of the runtime's are.
    [Test]
    public async Task Worker_WithALimitOfItsHeapByItsEnvironment_HasThatLimit()
    {
        await using var troupe = new TinyTroupe<int, long>(
            static _ => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            new ProcessTroupeOptions
            {
                Workers = 1, Environment = _ => new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "10000000" },
            });
        Assert.That(await Result(troupe.Submit(1)), Is.EqualTo(0x10000000));
        await Dispose(troupe);
    }

    // A machine may have no cultures but the invariant one.
    private static CultureInfo Changed(string separator)
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = separator;
        culture.NumberFormat.NumberGroupSeparator = "'";
        culture.NumberFormat.NumberGroupSizes = [2];
        culture.DateTimeFormat.MonthNames = [.. Enumerable.Range(1, 13).Select(month => $"Month {month}")];
        culture.DateTimeFormat.MonthGenitiveNames = culture.DateTimeFormat.MonthNames;
        return culture;
    }

    private static async Task<int> BlocksAsync(int x)
    {
        await Task.Yield();
        return LoadAsync(x).Result;
    }

    private static async Task<int> LoadAsync(int x)
    {
        await Task.Yield();
        return x + 1;
    }

    private sealed class BlockingWorker : TinyAsyncWorker<int, int>, IAsyncDisposable
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            _ = LoadAsync(1).Result;
        }

        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => await BlocksAsync(input);

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            _ = LoadAsync(1).Result;
        }
    }

    private static class Initialized
    {
        public static readonly int Factor = int.Parse("2", CultureInfo.InvariantCulture);
        public static readonly TinyTroupe<int, int> Troupe = new(x => x * Factor, new ProcessTroupeOptions { Workers = 1 });
    }

    private static class UsedByItsInitializer
    {
        public static readonly int First = Make();

        private static int Make()
        {
            Holder.Made = new TinyTroupe<int, int>(static x => x * First, new ProcessTroupeOptions { Workers = 1 });
            return Holder.Made.Submit(1).Result();
        }
    }

    private static class Holder
    {
        public static TinyTroupe<int, int>? Made { get; set; }
    }

    private static class Inner
    {
        public static readonly TinyTroupe<int, int> Troupe = new(static x => x * x, new ProcessTroupeOptions { Workers = 1 });
    }

    private sealed class Cultures : IDisposable
    {
        private readonly CultureInfo? _culture = CultureInfo.DefaultThreadCurrentCulture;
        private readonly CultureInfo? _language = CultureInfo.DefaultThreadCurrentUICulture;
        private readonly CultureInfo _own = CultureInfo.CurrentCulture;

        public Cultures(CultureInfo? culture, CultureInfo? language, CultureInfo own)
        {
            CultureInfo.DefaultThreadCurrentCulture = culture;
            CultureInfo.DefaultThreadCurrentUICulture = language;
            CultureInfo.CurrentCulture = own;
        }

        public void Dispose()
        {
            CultureInfo.DefaultThreadCurrentCulture = _culture;
            CultureInfo.DefaultThreadCurrentUICulture = _language;
            CultureInfo.CurrentCulture = _own;
        }
    }
}
