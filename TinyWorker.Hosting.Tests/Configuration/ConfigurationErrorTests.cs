using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting.Tests.Configuration;

/// <summary>What cannot be fails the start, and the message has the path and the reason.</summary>
internal sealed class ConfigurationErrorTests
{
    [TestCase("Workers", "abc", "must be a whole number")]
    [TestCase("Workers", "", "must not be empty")]
    [TestCase("Workers", "3.5", "must be a whole number")]
    [TestCase("Workers", "99999999999", "must be a whole number")]
    [TestCase("WaitUntilReady", "yes", "must be true or false")]
    [TestCase("TaskTimeout", "30", "00:00:30 for 30 seconds")]
    [TestCase("TaskTimeout", "00:99:00", "must be a time")]
    [TestCase("TaskTimeout", "24:00:00", "must be a time")]     // TimeSpan.Parse takes these for 24 days and for 1 day
    [TestCase("TaskTimeout", "1:00:00:00", "must be a time")]
    [TestCase("Backend", "Thread", "must be one of Default, Threads, Pool, Processes, Inline")]
    [TestCase("Backend", "1", "must be one of")]
    [TestCase("Backend", "Threads,Pool", "must be one of")]
    [TestCase("MaxWorkerMemory", "1 GB", "must be a number of bytes")]
    [TestCase("Wrokers", "3", "no setting of a troupe. There are: Backend, WaitUntilReady, Workers")]
    [TestCase("RetryWhen", "always", "is a function: set it in code")]
    [TestCase("Name", "other", "is the name that the troupe was added with")]
    [TestCase("Workers:Most", "3", "must be one value", "TinyTroupes:t:Workers")]
    // What the core says of a value.
    [TestCase("Workers", "0", "must be from 1 to 65,536")]
    [TestCase("MinWorkers", "99999", "must be from 0 to Workers")]
    [TestCase("Capacity", "-1", "must be from 1 to")]
    [TestCase("IdleTimeout", "00:00:00", "must be above zero")]
    [TestCase("TaskTimeout", "-00:00:01", "must be above zero")]
    [TestCase("CancellationGrace", "-00:00:01", "must be from zero to 49 days")]
    [TestCase("MaxAttempts", "0", "must be 1 or more")]
    [TestCase("RetryDelay", "00:01:00", "must be from zero to 30 seconds")]
    [TestCase("StartPatience", "50.00:00:00", "must be from zero to 49 days")]
    [TestCase("MakeTimeout", "00:00:00", "must be above zero")]
    [TestCase("MaxTasksPerWorker", "0", "must be 1 or more")]
    [TestCase("MaxStackSize", "1024", "must be 131,072 bytes")]
    // What belongs to another back-end.
    [TestCase("KillAboveMemory", "1000", "is for the back-end Processes only, and the back-end of 't' is Threads")]
    public async Task Setting_ThatCannotBe_FailsTheStartWithPathAndReason(string key, string value, string reason, string? path = null)
    {
        var error = await Build.Host(
            services => services.AddTinyTroupe<int, int>("t", static (_, x, _) => x), ($"TinyTroupes:t:{key}", value)).FailingStartAsync();

        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(error.Message, Does.Contain(path ?? $"TinyTroupes:t:{key} ").And.Contains(reason));
    }

    [Test]
    public async Task Settings_OfThreadsOnThePool_AreRefusedWhoeverSetThem()
    {
        var error = await Build.Host(
            services => services.AddTinyTroupe<int, int>(
                "t", static async (_, x, _) => x, settings => settings.Priority = ThreadPriority.Highest),
            ("TinyTroupes:t:MaxStackSize", "262144")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(((OptionsValidationException)error).Failures, Has.Exactly(2).Items);
        Assert.That(error.Message, Does.Contain("TinyTroupes:t:MaxStackSize is for").And.Contains("TinyTroupes:t:Priority is for"));
    }

    [Test]
    public async Task EverythingThatIsWrong_IsSaidAtOnce()
    {
        var error = await Build.Host(
            services => services.AddTinyTroupe<int, int>("t", static (_, x, _) => x),
            ("TinyTroupes:t:Workers", "many"), ("TinyTroupes:t:Capcity", "3")).FailingStartAsync();
        Assert.That(((OptionsValidationException)error).Failures, Has.Exactly(2).Items);
    }

    [Test]
    public async Task Mistakes_OfSeveralTroupes_AreSaidAtOnce()
    {
        var error = await Build.Host(
            services => services.AddTinyTroupe<int, int>("a", static (_, x, _) => x).AddTinyTroupe<int, int>("b", static (_, x, _) => x),
            ("TinyTroupes:a:Workers", "many"), ("TinyTroupes:b:Workers", "few")).FailingStartAsync();
        Assert.That(
            ((OptionsValidationException)error).Failures,
            Has.Exactly(2).Items.And.Some.StartsWith("TinyTroupes:a:Workers").And.Some.StartsWith("TinyTroupes:b:Workers"));
    }

    [Test]
    public async Task ArgumentException_OfTheCodeThatMakesATroupeByHand_IsNotTakenForASetting()
    {
        var error = await Build.Host(services => services.AddTinyTroupe<int, int>(
            "t", (_, options) => throw new ArgumentException("The endpoint is no address.", nameof(options)))).FailingStartAsync();
        Assert.That(error, Is.TypeOf<ArgumentException>());
    }

    [Test]
    public async Task ValueInThePlaceOfTheSection_FailsTheStart()
    {
        var error = await Build.Host(
            services => services.AddTinyTroupe<int, int>("t", static (_, x, _) => x), ("TinyTroupes:t", "4")).FailingStartAsync();
        Assert.That(error.Message, Does.Contain("TinyTroupes:t is '4', and must be a section"));
    }

    [Test]
    public async Task BackendInCodeThatIsNone_FailsTheStart()
    {
        var error = await Build.Host(services => services.AddTinyTroupe<int, int>(
            "t", static (_, x, _) => x, settings => settings.Backend = (TroupeBackend)17)).FailingStartAsync();
        Assert.That(error.Message, Does.Contain("TinyTroupes:t:Backend is 17"));
    }

    [Test]
    public async Task Mistake_InTheLastTroupe_IsFoundBeforeTheFirstIsMade()
    {
        var made = 0;
        await Build.Host(
            services => services
                .AddTinyTroupe<int, int>("first", (_, options) =>
                {
                    made++;
                    return new TinyTroupe<int, int>(static x => x, options);
                })
                .AddTinyTroupe<int, int>("last", static (_, x, _) => x),
            ("TinyTroupes:last:Workers", "many")).FailingStartAsync();
        Assert.That(made, Is.Zero);
    }

    [Test]
    public async Task SectionWithoutATroupe_IsWarnedOf()
    {
        using var host = Build.Host(
            services => services
                .AddTinyTroupe<int, int>("thumbs", static (_, x, _) => x).AddTinyTroupe<int, long>("hashes", static (_, x, _) => x),
            ("TinyTroupes:Thumb:Workers", "3"), ("TinyTroupes:HASHES:Workers", "1"));
        await Within.Time(host.StartAsync());

        var warning = host.Records().Single(record => record.Level == LogLevel.Warning);
        Assert.That(warning.Category, Is.EqualTo("TinyWorker.Hosting"));
        Assert.That(warning.Message, Does.Contain("TinyTroupes:Thumb ").And.Contains("thumbs, hashes"));
        await Within.Time(host.StopAsync());
    }

    [Test]
    public async Task NamedOptions_OfTheApplication_CountAndTheConfigurationStillWins()
    {
        using var host = Build.Host(
            services =>
            {
                services.AddTinyTroupe<int, int>("t", static (_, x, _) => x, settings => settings.Workers = 2);
                services.Configure<TinyTroupeSettings>("t", settings => (settings.Workers, settings.Capacity) = (5, 7));
                services.ConfigureAll<TinyTroupeSettings>(settings => settings.WaitUntilReady = false);
            },
            ("TinyTroupes:t:Workers", "3"));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredService<TinyTroupe<int, int>>();
        Assert.That((troupe.Workers, troupe.Capacity), Is.EqualTo((3, 7)));
        await Within.Time(host.StopAsync());
    }

    [TestCase("00:00:15", 30)]
    [TestCase("Infinite", 30)]
    [TestCase("00:00:01", 2)]
    public async Task Grace_ThatDoesNotFitIntoTheShutdown_FailsTheStart(string grace, int shutdown)
    {
        var error = await Build.Host(
            services =>
            {
                services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(shutdown));
                services.AddTinyTroupe<int, int>("t", static (_, x, _) => x);
            },
            ("TinyTroupes:t:CancellationGrace", grace)).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(error.Message, Does.Contain("TinyTroupes:t:CancellationGrace is").And.Contains("ShutdownTimeout"));
    }

    [TestCase("00:00:14", 30)]
    [TestCase("00:00:01", 3)]
    [TestCase("00:00:00", 0)]
    [TestCase("Infinite", -1)]
    public async Task Grace_ThatFitsIntoTheShutdown_Starts(string grace, int shutdown)
    {
        using var host = Build.Host(
            services =>
            {
                services.Configure<HostOptions>(
                    options => options.ShutdownTimeout = shutdown < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(shutdown));
                services.AddTinyTroupe<int, int>("t", static (_, x, _) => x);
            },
            ("TinyTroupes:t:CancellationGrace", grace));
        await Within.Time(host.StartAsync());
        await Within.Time(host.Services.GetRequiredService<TinyTroupe<int, int>>().DisposeAsync());
    }

    [Test]
    public async Task Reserve_BelowZero_FailsTheStart()
    {
        var error = await Build.Host(services =>
        {
            services.Configure<TinyTroupeHostOptions>(options => options.ShutdownReserve = TimeSpan.FromSeconds(-1));
            services.AddTinyTroupe<int, int>("t", static (_, x, _) => x);
        }).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(error.Message, Does.Contain("ShutdownReserve"));
    }
}
