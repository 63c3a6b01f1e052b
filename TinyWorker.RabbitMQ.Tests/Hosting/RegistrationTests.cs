using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.RabbitMQ.Tests.Hosting;

/// <summary>What can be added, and what can be injected then. No broker is needed: nobody waits for one.</summary>
internal sealed class RegistrationTests
{
    [Test]
    public async Task RabbitTroupe_Added_CanBeInjectedByItsNameAndAlone()
    {
        using var host = Build.Host(services => services.AddRabbitTroupe<int, string>("t", NoWait));
        await Within.Time(host.StartAsync());
        var troupe = host.Services.GetRequiredKeyedService<RabbitTroupe<int, string>>("t");
        Assert.Multiple(() =>
        {
            Assert.That(troupe.Name, Is.EqualTo("t"));
            Assert.That(host.Services.GetRequiredKeyedService<ITinyTroupe<int, string>>("t"), Is.SameAs(troupe));
            Assert.That(host.Services.GetRequiredService<RabbitTroupe<int, string>>(), Is.SameAs(troupe));
            Assert.That(host.Services.GetRequiredService<ITinyTroupe<int, string>>(), Is.SameAs(troupe));
        });
        await Within.Time(host.StopAsync());
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
    }

    [Test]
    public void RabbitTroupe_OfTheTypesOfALocalOne_IsNotGuessed()
    {
        using var host = Build.Host(services => services
            .AddRabbitTroupe<int, int>("far", NoWait).AddTinyTroupe<int, int>("near", static (_, x, _) => x));
        var error = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<ITinyTroupe<int, int>>());
        Assert.That(error.Message, Does.Contain("'far', 'near'"));
        Assert.That(host.Services.GetRequiredService<RabbitTroupe<int, int>>().Name, Is.EqualTo("far"));
        Assert.That(host.Services.GetRequiredService<TinyTroupe<int, int>>().Name, Is.EqualTo("near"));
        Assert.That(host.Services.GetRequiredKeyedService<ITinyTroupe<int, int>>("far"), Is.InstanceOf<RabbitTroupe<int, int>>());
    }

    [Test]
    public void RabbitTroupe_OfTheNameOfALocalOne_IsNotGuessed()
    {
        using var host = Build.Host(services => services
            .AddRabbitTroupe<int, int>("t", NoWait).AddTinyTroupe<int, int>("t", static (_, x, _) => x));
        var error = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredKeyedService<ITinyTroupe<int, int>>("t"));
        Assert.That(error.Message, Does.Contain("RabbitTroupe<Int32, Int32> or TinyTroupe<Int32, Int32>"));
        Assert.That(host.Services.GetRequiredKeyedService<RabbitTroupe<int, int>>("t"), Is.Not.Null);
        Assert.That(host.Services.GetRequiredKeyedService<TinyTroupe<int, int>>("t"), Is.Not.Null);
    }

    [Test]
    public void Name_UsedTwice_IsRefused()
    {
        var services = new ServiceCollection();
        services.AddRabbitTroupe<int, int>("t").AddRabbitTroupeHost<int, int>("t");
        Assert.Throws<ArgumentException>(() => services.AddRabbitTroupe<string, int>("T"));
        Assert.Throws<ArgumentException>(() => services.AddRabbitTroupeHost<int, int>("t"));
        Assert.Throws<ArgumentException>(() => services.AddRabbitTroupeHost<int, int>("a:b"));
        Assert.Throws<ArgumentException>(() => services.AddRabbitTroupe<int, int>(" "));
        Assert.Throws<ArgumentNullException>(() => services.AddRabbitTroupe<int, int>(null!));
    }

    [Test]
    public async Task Host_WithoutItsLocalTroupe_FailsTheStart()
    {
        var error = await Build.Host(services => services.AddRabbitTroupeHost<int, int>("t")).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain("AddTinyTroupe<Int32, Int32>(\"t\", ...)"));
    }

    [TestCase("t", true)]
    [TestCase("T", false)]
    public async Task Host_OfALocalTroupeThatDiffers_FailsTheStart(string name, bool hasOtherTypes)
    {
        var error = await Build.Host(services =>
        {
            services.AddRabbitTroupeHost<int, int>("t");
            if (hasOtherTypes) services.AddTinyTroupe<int, string>(name, static (_, x, _) => $"{x}");
            else services.AddTinyTroupe<int, int>(name, static (_, x, _) => x);
        }).FailingStartAsync();
        Assert.That(error, Is.TypeOf<InvalidOperationException>());
        Assert.That(error.Message, Does.Contain($"that is '{name}' with the types <Int32, {(hasOtherTypes ? "String" : "Int32")}>"));
    }

    [Test]
    public async Task Section_OfNothing_IsWarnedOf()
    {
        using var host = Build.Host(
            services => services.AddRabbitTroupe<int, int>("t", NoWait), ("RabbitTroupes:other:Capacity", "3"),
            ("RabbitTroupeHosts:t:Prefetch", "3"), ("TinyTroupes:t:Workers", "3"));
        await Within.Time(host.StartAsync());
        await Within.Time(host.StopAsync());
        var warnings = host.Records().Where(record => record.Id.Name == "StraySection").Select(record => record.Message);
        Assert.That(warnings, Has.Exactly(1).Items.And.One.Contains("RabbitTroupes:other").And.One.Contains("There are: t."));
    }

    [Test]
    public async Task Broker_ThatRefusesThePort_FailsTheStartInTime()
    {
        var error = await Build.Host(services => services.AddRabbitTroupe<int, int>("t", settings =>
        {
            settings.Broker = $"amqp://ann:hunter2@127.0.0.1:{FreePorts.Take()}";
            settings.BrokerLostAfter = TimeSpan.FromSeconds(1);
        })).FailingStartAsync();
        Assert.That(error, Is.TypeOf<BrokerUnavailableException>());
        Assert.That(error.ToString(), Does.Contain("127.0.0.1").And.Not.Contains("hunter2"));
    }

    // Nobody listens at the port: the troupe must not wait for it.
    private static void NoWait(TinyWorker.RabbitMQ.Hosting.RabbitTroupeSettings settings) =>
        (settings.Broker, settings.WaitUntilReady) = ($"amqp://127.0.0.1:{FreePorts.Take()}", false);
}
