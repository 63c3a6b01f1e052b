using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting.Tests.Configuration;

/// <summary>The settings have what the options of the core have, and each is bound, has their default, and reaches them.</summary>
internal sealed class SettingsTests
{
    private static readonly Type[] Records =
    [
        typeof(TinyTroupeOptions), typeof(ThreadTroupeOptions), typeof(PoolTroupeOptions), typeof(InlineTroupeOptions),
        typeof(ProcessTroupeOptions),
    ];

    // The name is the one that the troupe was added with; the others come from the container.
    private static readonly string[] NotThere = ["Name", "LoggerFactory", "TimeProvider"];

    // Functions cannot be said in the configuration.
    private static readonly string[] InCodeOnly = ["RetryWhen", "ReplaceWorkerWhen", "Environment", "Serializer"];

    private static readonly string[] OfTheHostOnly = ["Backend", "WaitUntilReady"];

    // A text for each setting, and what it must become. None is a default.
    private static readonly Dictionary<string, (string Text, object Value)> Samples = new()
    {
        ["Backend"] = ("Threads", TroupeBackend.Threads),
        ["WaitUntilReady"] = ("false", false),
        ["Workers"] = ("37", 37),
        ["MinWorkers"] = ("5", 5),
        ["IdleTimeout"] = ("00:00:07", TimeSpan.FromSeconds(7)),
        ["Capacity"] = ("123", 123),
        ["TaskTimeout"] = ("1.00:00:00", TimeSpan.FromDays(1)),
        ["CancellationGrace"] = ("00:00:00.250", TimeSpan.FromMilliseconds(250)),
        ["ReplaceHungWorkers"] = ("true", true),
        ["MaxAttempts"] = ("4", 4),
        ["RetryDelay"] = ("00:00:03", TimeSpan.FromSeconds(3)),
        ["StartPatience"] = ("infinite", Timeout.InfiniteTimeSpan),
        ["MakeTimeout"] = ("00:01:00", TimeSpan.FromMinutes(1)),
        ["FlowExecutionContext"] = ("true", true),
        ["MaxTasksPerWorker"] = ("99", 99),
        ["MaxStackSize"] = ("262144", 262144),
        ["Priority"] = ("belownormal", ThreadPriority.BelowNormal),
        ["WorkingDirectory"] = ("/", "/"),
        ["MaxWorkerMemory"] = ("3000000000", 3_000_000_000L),
        ["KillAboveMemory"] = ("4000000000", 4_000_000_000L),
        ["StartTimeout"] = ("00:00:11", TimeSpan.FromSeconds(11)),
        ["ExitTimeout"] = ("00:00:12", TimeSpan.FromSeconds(12)),
    };

    private static IEnumerable<PropertyInfo> OptionsProperties => Records
        .SelectMany(record => record.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        .Where(property => property.CanWrite && !NotThere.Contains(property.Name)).DistinctBy(property => property.Name);

    private static IEnumerable<string> Bindable => typeof(TinyTroupeSettings).GetProperties()
        .Select(property => property.Name).Except(InCodeOnly);

    private static IEnumerable<string> Named => Samples.Keys;

    [Test]
    public void EverySettingOfTheOptions_IsThereWithItsType()
    {
        Assert.That(OptionsProperties.Count(), Is.GreaterThan(20), "the records were read");
        using (Assert.EnterMultipleScope())
        {
            foreach (var property in OptionsProperties)
            {
                var type = typeof(TinyTroupeSettings).GetProperty(property.Name)?.PropertyType;
                Assert.That(type, Is.Not.Null, property.Name);
                Assert.That(Nullable.GetUnderlyingType(type!) ?? type, Is.EqualTo(Plain(property.PropertyType)), property.Name);
            }
        }
    }

    [Test]
    public void Settings_HaveNothingElse() =>
        Assert.That(
            typeof(TinyTroupeSettings).GetProperties().Select(property => property.Name),
            Is.EquivalentTo(OptionsProperties.Select(property => property.Name).Concat(OfTheHostOnly)));

    [Test]
    public void EverySettingThatATextCanSay_HasASampleHere()
    {
        Assert.That(Samples.Keys, Is.EquivalentTo(Bindable));
        Assert.That(TroupeSection.Instance.All.Select(setting => setting.Name), Is.EquivalentTo(Bindable));
        Assert.That(TroupeSection.Instance.NotInConfiguration.Keys, Is.EquivalentTo(InCodeOnly.Concat(NotThere)));
    }

    [TestCaseSource(nameof(Named))]
    public void Setting_InTheConfiguration_IsBoundAndWinsOverTheCode(string name)
    {
        List<(string, string?)> configuration = [($"tinytroupes:T:{name.ToLowerInvariant()}", Samples[name].Text)];
        if (name != "Backend") configuration.Add(("TinyTroupes:t:Backend", BackendFor(name)));
        using var host = Build.Host(
            services => services.AddTinyTroupe<int, int>(
                "t", static (_, options) => new(static x => x, options),
                settings => (settings.Workers, settings.Capacity, settings.WaitUntilReady) = (99, 99, true)),
            [.. configuration]);

        var settings = host.Services.GetRequiredService<IOptionsMonitor<TinyTroupeSettings>>().Get("t");
        Assert.That(typeof(TinyTroupeSettings).GetProperty(name)!.GetValue(settings), Is.EqualTo(Samples[name].Value));
    }

    [TestCaseSource(nameof(Named))]
    public void Setting_ReachesTheOptionsOfItsBackend(string name)
    {
        if (OfTheHostOnly.Contains(name)) return;
        var settings = new TinyTroupeSettings();
        typeof(TinyTroupeSettings).GetProperty(name)!.SetValue(settings, Samples[name].Value);

        var reached = Enum.GetValues<TroupeBackend>().Count(backend =>
        {
            var options = OptionsOfSettings.Make(settings, "t", backend, null, TimeProvider.System);
            var property = options.GetType().GetProperty(name);
            if (property is null) return false;
            Assert.That(property.GetValue(options), Is.EqualTo(Samples[name].Value), $"{name} of {options.GetType().Name}");
            return true;
        });
        var ofOneBackend = TroupeSection.OfOneBackend.Any(each => each.Name == name);
        Assert.That(reached, Is.EqualTo(ofOneBackend ? 1 : 5));
    }

    [Test]
    public void Functions_ReachTheOptions()
    {
        var settings = new TinyTroupeSettings
        {
            RetryWhen = static _ => true,
            ReplaceWorkerWhen = static _ => false,
            Environment = static _ => new Dictionary<string, string?>(),
            Serializer = static () => null!,
        };
        var options = (ProcessTroupeOptions)OptionsOfSettings.Make(settings, "t", TroupeBackend.Processes, null, TimeProvider.System);
        Assert.That(options.RetryWhen, Is.SameAs(settings.RetryWhen));
        Assert.That(options.ReplaceWorkerWhen, Is.SameAs(settings.ReplaceWorkerWhen));
        Assert.That(options.Environment, Is.SameAs(settings.Environment));
        Assert.That((object?)options.Serializer, Is.SameAs(settings.Serializer));
    }

    [TestCase(TroupeBackend.Default, typeof(TinyTroupeOptions))]
    [TestCase(TroupeBackend.Threads, typeof(ThreadTroupeOptions))]
    [TestCase(TroupeBackend.Pool, typeof(PoolTroupeOptions))]
    [TestCase(TroupeBackend.Inline, typeof(InlineTroupeOptions))]
    [TestCase(TroupeBackend.Processes, typeof(ProcessTroupeOptions))]
    public void Defaults_AreThoseOfTheOptions(TroupeBackend backend, Type record)
    {
        var made = OptionsOfSettings.Make(new TinyTroupeSettings(), "t", backend, null, TimeProvider.System);
        Assert.That(made, Is.TypeOf(record));
        Assert.That(made, Is.EqualTo((TinyTroupeOptions)Activator.CreateInstance(record)! with { Name = "t" }));
    }

    [Test]
    public void OfOneBackend_NamesExactlyTheSettingsThatTheBaseRecordLacks()
    {
        var ofAll = typeof(TinyTroupeOptions).GetProperties().Select(property => property.Name).ToHashSet();
        Assert.That(
            TroupeSection.OfOneBackend.Select(each => (each.Name, each.Backend)),
            Is.EquivalentTo(
                Of(typeof(ThreadTroupeOptions), TroupeBackend.Threads).Concat(Of(typeof(ProcessTroupeOptions), TroupeBackend.Processes))));

        IEnumerable<(string, TroupeBackend)> Of(Type record, TroupeBackend backend) => record.GetProperties()
            .Where(property => property.CanWrite && !ofAll.Contains(property.Name)).Select(property => (property.Name, backend));
    }

    [Test]
    public void NullableSetting_WithAnEmptyText_IsNullAgain()
    {
        using var host = Build.Host(
            services => services.AddTinyTroupe<int, int>(
                "t", static (_, x, _) => x, settings => (settings.TaskTimeout, settings.MinWorkers) = (TimeSpan.FromSeconds(1), 1)),
            ("TinyTroupes:t:TaskTimeout", ""), ("TinyTroupes:t:MinWorkers", null));
        var settings = host.Services.GetRequiredService<IOptionsMonitor<TinyTroupeSettings>>().Get("t");
        Assert.That((settings.TaskTimeout, settings.MinWorkers), Is.EqualTo(((TimeSpan?)null, (int?)null)));
    }

    // The sample application of every reader: appsettings.json.
    [Test]
    public void Json_IsReadAsItIsWritten()
    {
        var json = """{ "TinyTroupes": { "t": { "Backend": "Pool", "Workers": 6, "WaitUntilReady": false, "TaskTimeout": null } } }""";
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();
        using var provider = Build.Provider(services => services.AddSingleton<IConfiguration>(configuration)
            .AddTinyTroupe<int, int>("t", static (_, x, _) => x));
        var settings = provider.GetRequiredService<IOptionsMonitor<TinyTroupeSettings>>().Get("t");
        Assert.That(
            (settings.Backend, settings.Workers, settings.WaitUntilReady, settings.TaskTimeout),
            Is.EqualTo((TroupeBackend.Pool, 6, false, (TimeSpan?)null)));
    }

    [Test]
    public void Culture_OfTheMachine_DoesNotMatter()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture.NumberFormat.NegativeSign = "~";
            Setting_InTheConfiguration_IsBoundAndWinsOverTheCode("CancellationGrace");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string BackendFor(string name) =>
        TroupeSection.OfOneBackend.FirstOrDefault(each => each.Name == name) is { Name: not null } one ? one.Backend.ToString() : "Pool";

    private static Type Plain(Type type) => Nullable.GetUnderlyingType(type) ?? type;
}
