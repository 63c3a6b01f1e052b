using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TinyWorker.RabbitMQ.Hosting;

namespace TinyWorker.RabbitMQ.Tests.Hosting;

/// <summary>The settings have what the options have, and each is bound, has their default, and reaches them.</summary>
internal sealed class SettingsTests
{
    // The broker and the queue are said in several settings; the others come from the container.
    private static readonly string[] SaidOtherwise = ["Queue", "LoggerFactory", "TimeProvider"];

    private static readonly string[] OfTheHostOnly =
        ["WaitUntilReady", "Endpoints", "VirtualHost", "UserName", "Password", "QueueReplicas", "QueueMaxLength", "QueueDeliveryLimit"];

    // A text for each setting, and what it must become. None is a default.
    private static readonly Dictionary<string, (string Text, object Value)> Shared = new()
    {
        ["Broker"] = ("amqp://ann:secret@10.0.0.9:5673/here", "10.0.0.9:5673 (virtual host 'here')"),
        ["Endpoints"] = ("a:1, b", new[] { "a:1", "b" }),
        ["VirtualHost"] = ("elsewhere", "elsewhere"),
        ["UserName"] = ("bob", "bob"),
        ["Password"] = ("hunter2", "hunter2"),
        ["WaitUntilReady"] = ("false", false),
        ["BrokerLostAfter"] = ("infinite", Timeout.InfiniteTimeSpan),
        ["Heartbeat"] = ("00:00:09", TimeSpan.FromSeconds(9)),
        ["MaxPayload"] = ("4096", 4096),
        ["ContractVersion"] = ("v2", "v2"),
        ["QueueReplicas"] = ("5", 5),
        ["QueueMaxLength"] = ("3000000000", 3_000_000_000L),
        ["QueueDeliveryLimit"] = ("7", 7),
    };

    private static readonly Dictionary<string, (string Text, object Value)> OfTroupe = new(Shared)
    {
        ["MaxInFlight"] = ("37", 37),
        ["Capacity"] = ("123", 123),
        ["CancellationGrace"] = ("00:00:00.250", TimeSpan.FromMilliseconds(250)),
        ["ReplyQueueExpires"] = ("1.00:00:00", TimeSpan.FromDays(1)),
    };

    private static readonly Dictionary<string, (string Text, object Value)> OfHost = new(Shared)
    {
        ["Prefetch"] = ("64", 64),
        ["RememberedTasks"] = ("99", 99),
        ["RememberedBytes"] = ("4000000000", 4_000_000_000L),
        ["DrainTimeout"] = ("00:00:07", TimeSpan.FromSeconds(7)),
        ["SuspectAfter"] = ("4", 4),
        ["HostName"] = ("worker-3", "worker-3"),
    };

    private static IEnumerable<object[]> Kinds => [[false], [true]];

    private static IEnumerable<object[]> Named =>
    [
        .. OfTroupe.Keys.Select(name => new object[] { false, name }), .. OfHost.Keys.Select(name => new object[] { true, name }),
    ];

    [TestCaseSource(nameof(Kinds))]
    public void EveryOption_IsASettingWithItsTypeAndDefault(bool isHost)
    {
        var options = Options(isHost).GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite && !SaidOtherwise.Contains(property.Name)).ToList();
        Assert.That(options, Has.Count.GreaterThan(9), "the record was read");
        using (Assert.EnterMultipleScope())
        {
            foreach (var option in options)
            {
                var setting = SettingsType(isHost).GetProperty(option.Name);
                Assert.That(setting, Is.Not.Null, option.Name);
                Assert.That(Plain(setting!.PropertyType), Is.EqualTo(Plain(option.PropertyType)), option.Name);
            }

            foreach (var option in typeof(RabbitQueueOptions).GetProperties().Where(each => each.CanWrite))
                Assert.That(SettingsType(isHost).GetProperty("Queue" + option.Name)?.PropertyType, Is.EqualTo(option.PropertyType));

            var none = isHost
                ? (object)OptionsOfRabbitSettings.Make(new RabbitHostSettings(), Timeout.InfiniteTimeSpan, NoServices())
                : OptionsOfRabbitSettings.Make(new RabbitTroupeSettings(), NoServices());
            foreach (var option in options.Where(each => each.Name != "Broker"))
                Assert.That(option.GetValue(none), Is.EqualTo(option.GetValue(Options(isHost))), option.Name);
        }

        Assert.That(
            SettingsType(isHost).GetProperties().Select(property => property.Name),
            Is.EquivalentTo(options.Select(option => option.Name).Concat(OfTheHostOnly)));
    }

    [TestCaseSource(nameof(Kinds))]
    public void EverySettingThatATextCanSay_HasASampleHere(bool isHost)
    {
        var bindable = SettingsType(isHost).GetProperties().Select(property => property.Name).Except(["Serializer"]).ToList();
        Assert.That(Samples(isHost).Keys, Is.EquivalentTo(bindable));
        var all = isHost
            ? RabbitHostSection.Instance.All.Select(setting => setting.Name)
            : RabbitTroupeSection.Instance.All.Select(setting => setting.Name);
        Assert.That(all, Is.EquivalentTo(bindable));
        Assert.That(
            RabbitHostSection.Instance.NotInConfiguration.Keys, Is.EquivalentTo(SaidOtherwise.Concat(["Serializer", "Name"])));
    }

    [TestCaseSource(nameof(Named))]
    public void Setting_InTheConfiguration_IsBoundAndWinsOverTheCode(bool isHost, string name)
    {
        using var host = Added(
            ($"{(isHost ? "rabbittroupehosts" : "rabbittroupes")}:T:{name.ToLowerInvariant()}", Samples(isHost)[name].Text));
        var value = SettingsType(isHost).GetProperty(name)!.GetValue(SettingsOf(host, isHost));
        Assert.That(value is RabbitBroker broker ? broker.ToString() : value, Is.EqualTo(Samples(isHost)[name].Value));
    }

    [TestCaseSource(nameof(Named))]
    public void Setting_ReachesTheOptions(bool isHost, string name)
    {
        if (OfTheHostOnly.Contains(name)) return;
        using var host = Added(($"{Root(isHost)}:t:{name}", Samples(isHost)[name].Text));
        object options = isHost
            ? OptionsOfRabbitSettings.Make((RabbitHostSettings)SettingsOf(host, isHost), TimeSpan.FromSeconds(20), host.Services)
            : OptionsOfRabbitSettings.Make((RabbitTroupeSettings)SettingsOf(host, isHost), host.Services);
        var value = options.GetType().GetProperty(name)!.GetValue(options);
        Assert.That(value is RabbitBroker broker ? broker.ToString() : value, Is.EqualTo(Samples(isHost)[name].Value));
    }

    [Test]
    public async Task Broker_OfItsParts_HasThemOverItsUri()
    {
        using var host = Added(
            ("RabbitTroupes:t:Broker", "amqp://ann:secret@10.0.0.9/here"), ("RabbitTroupes:t:Endpoints:0", "rabbit-1"),
            ("RabbitTroupes:t:Endpoints:1", "[::1]:5673"), ("RabbitTroupes:t:Password", "hunter2"),
            ("RabbitTroupes:t:QueueReplicas", "5"), ("RabbitTroupes:t:QueueMaxLength", "9"), ("RabbitTroupes:t:QueueDeliveryLimit", "8"));
        var options = OptionsOfRabbitSettings.Make((RabbitTroupeSettings)SettingsOf(host, isHost: false), host.Services);
        Assert.That(options.Broker.ToString(), Is.EqualTo("rabbit-1:5672, [::1]:5673 (virtual host 'here')"));
        Assert.That(await options.Broker.Credentials(CancellationToken.None), Is.EqualTo(new RabbitCredentials("ann", "hunter2")));
        Assert.That(options.Queue, Is.EqualTo(new RabbitQueueOptions { Replicas = 5, MaxLength = 9, DeliveryLimit = 8 }));

        var code = new RabbitHostSettings { VirtualHost = "v", UserName = "u" };
        Assert.That(OptionsOfRabbitSettings.BrokerOf(code).ToString(), Is.EqualTo("localhost:5672 (virtual host 'v')"));
        Assert.That(
            await OptionsOfRabbitSettings.BrokerOf(code).Credentials(CancellationToken.None),
            Is.EqualTo(new RabbitCredentials("u", "guest")));
    }

    [TestCase(null, 20, 20)]
    [TestCase(null, 60, 25)]
    [TestCase(7, 20, 7)]
    public void DrainTimeout_LeftOut_IsWhatTheShutdownLeaves(int? said, int patience, int expected)
    {
        var settings = new RabbitHostSettings { DrainTimeout = said is { } seconds ? TimeSpan.FromSeconds(seconds) : null };
        var options = OptionsOfRabbitSettings.Make(settings, TimeSpan.FromSeconds(patience), NoServices());
        Assert.That(options.DrainTimeout, Is.EqualTo(TimeSpan.FromSeconds(expected)));
    }

    [TestCase("RabbitTroupes", "MaxInFlight", "abc", "must be a whole number")]
    [TestCase("RabbitTroupes", "Heartbeat", "5", "00:00:30 for 30 seconds")]
    [TestCase("RabbitTroupes", "MaxInFlght", "5", "no setting of a troupe on a broker. There are: Broker, Endpoints")]
    [TestCase("RabbitTroupes", "Queue:Replicas", "5", "is said as QueueReplicas", "RabbitTroupes:t:Queue")]
    [TestCase("RabbitTroupes", "Serializer", "json", "is a function: set it in code")]
    [TestCase("RabbitTroupes", "Capacity:Most", "5", "must be one value", "RabbitTroupes:t:Capacity")]
    [TestCase("RabbitTroupes", "Endpoints:0", "a/b", "each must be host or host:port", "RabbitTroupes:t:Endpoints")]
    [TestCase("RabbitTroupes", "Endpoints", "", "each must be host or host:port")]
    [TestCase("RabbitTroupeHosts", "Prefetch", "many", "must be a whole number")]
    [TestCase("RabbitTroupeHosts", "Workers", "3", "no setting of a host of a troupe on a broker")]
    // What TinyWorker.RabbitMQ says of a value.
    [TestCase("RabbitTroupes", "MaxInFlight", "0", "must be from 1 to 65,536")]
    [TestCase("RabbitTroupes", "QueueReplicas", "0", "must be from 1 to 99")]
    [TestCase("RabbitTroupeHosts", "Heartbeat", "00:00:00.5", "must be from 1 second to 1 hour")]
    [TestCase("RabbitTroupeHosts", "QueueDeliveryLimit", "0", "must be at least 1")]
    public async Task Setting_ThatCannotBe_FailsTheStartWithPathAndReason(
        string root, string key, string value, string reason, string? path = null)
    {
        var error = await Added(($"{root}:t:{key}", value)).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>(), error.ToString());
        Assert.That(error.Message, Does.Contain(path ?? $"{root}:t:{key} ").And.Contains(reason));
    }

    [Test]
    public async Task Broker_ThatIsNoUri_IsRefusedWithoutItsPassword()
    {
        var error = await Added(("RabbitTroupes:t:Broker", "http://ann:hunter2@host")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(error.ToString(), Does.Contain("RabbitTroupes:t:Broker cannot be: it must be amqp://").And.Not.Contains("hunter2"));
    }

    [Test]
    public async Task Endpoints_OfTheCodeThatCannotBe_FailTheStart()
    {
        using var host = Build.Host(services => services.AddRabbitTroupe<int, int>("t", settings => settings.Endpoints = ["a b"]));
        Assert.That((await host.FailingStartAsync()).Message, Does.Contain("RabbitTroupes:t:Endpoints cannot be: each must be host"));
    }

    [TestCase("RabbitTroupes", "CancellationGrace", "00:00:15")]
    [TestCase("RabbitTroupeHosts", "DrainTimeout", "00:00:26")]
    public async Task Time_ThatDoesNotFitIntoTheShutdown_FailsTheStart(string root, string key, string value)
    {
        var error = await Added(($"{root}:t:{key}", value)).FailingStartAsync();
        Assert.That(error, Is.TypeOf<OptionsValidationException>());
        Assert.That(error.Message, Does.Contain($"{root}:t:{key} is {value}").And.Contains("ShutdownTimeout"));
    }

    private static Microsoft.Extensions.Hosting.IHost Added(params (string, string?)[] configuration) => Build.Host(
        services => services
            .AddRabbitTroupe<int, int>("t", settings => (settings.Capacity, settings.WaitUntilReady) = (7, true))
            .AddRabbitTroupeHost<int, int>("t", settings => (settings.Prefetch, settings.WaitUntilReady) = (7, true))
            .AddTinyTroupe<int, int>("t", static (_, x, _) => x),
        configuration);

    private static object SettingsOf(Microsoft.Extensions.Hosting.IHost host, bool isHost) => isHost
        ? host.Services.GetRequiredService<IOptionsMonitor<RabbitHostSettings>>().Get("t")
        : host.Services.GetRequiredService<IOptionsMonitor<RabbitTroupeSettings>>().Get("t");

    private static string Root(bool isHost) => isHost ? "RabbitTroupeHosts" : "RabbitTroupes";

    private static Dictionary<string, (string Text, object Value)> Samples(bool isHost) => isHost ? OfHost : OfTroupe;

    private static object Options(bool isHost) => isHost ? new RabbitHostOptions() : new RabbitTroupeOptions();

    private static Type SettingsType(bool isHost) => isHost ? typeof(RabbitHostSettings) : typeof(RabbitTroupeSettings);

    private static Type Plain(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static ServiceProvider NoServices() => new ServiceCollection().BuildServiceProvider();
}
