namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What cannot be is refused before anything starts, and the error names it.</summary>
public sealed class RabbitTroupeOptionsTests
{
    private static readonly TestCaseData<RabbitTroupeOptions, string>[] Wrong =
    [
        new(new RabbitTroupeOptions { Broker = null! }, "RabbitTroupeOptions.Broker"),
        new(new RabbitTroupeOptions { Broker = new RabbitBroker { Endpoints = [] } }, "RabbitBroker.Endpoints"),
        new(new RabbitTroupeOptions { Broker = new RabbitBroker { Endpoints = [new("")] } }, "RabbitBroker.Endpoints"),
        new(new RabbitTroupeOptions { Broker = new RabbitBroker { Endpoints = [new("a", 0)] } }, "RabbitBroker.Endpoints"),
        new(new RabbitTroupeOptions { Broker = new RabbitBroker { VirtualHost = "" } }, "RabbitBroker.VirtualHost"),
        new(new RabbitTroupeOptions { Broker = new RabbitBroker { Credentials = null! } }, "RabbitBroker.Credentials"),
        new(new RabbitTroupeOptions { MaxInFlight = 0 }, "RabbitTroupeOptions.MaxInFlight"),
        new(new RabbitTroupeOptions { MaxInFlight = 65_537 }, "RabbitTroupeOptions.MaxInFlight"),
        new(new RabbitTroupeOptions { Capacity = 0 }, "RabbitTroupeOptions.Capacity"),
        new(new RabbitTroupeOptions { BrokerLostAfter = TimeSpan.Zero }, "RabbitTroupeOptions.BrokerLostAfter"),
        new(new RabbitTroupeOptions { BrokerLostAfter = TimeSpan.FromDays(50) }, "RabbitTroupeOptions.BrokerLostAfter"),
        new(new RabbitTroupeOptions { CancellationGrace = Timeout.InfiniteTimeSpan }, "RabbitTroupeOptions.CancellationGrace"),
        new(new RabbitTroupeOptions { MaxPayload = 0 }, "RabbitTroupeOptions.MaxPayload"),
        new(new RabbitTroupeOptions { MaxPayload = (128 * 1024 * 1024) + 1 }, "RabbitTroupeOptions.MaxPayload"),
        new(new RabbitTroupeOptions { Heartbeat = TimeSpan.FromMilliseconds(1) }, "RabbitTroupeOptions.Heartbeat"),
        new(new RabbitTroupeOptions { ReplyQueueExpires = TimeSpan.Zero }, "RabbitTroupeOptions.ReplyQueueExpires"),
        new(new RabbitTroupeOptions { ContractVersion = " " }, "RabbitTroupeOptions.ContractVersion"),
        new(new RabbitTroupeOptions { ContractVersion = new string('v', 201) }, "RabbitTroupeOptions.ContractVersion"),
        new(new RabbitTroupeOptions { Queue = null! }, "RabbitTroupeOptions.Queue"),
        new(new RabbitTroupeOptions { Queue = new RabbitQueueOptions { Replicas = 0 } }, "RabbitQueueOptions.Replicas"),
        new(new RabbitTroupeOptions { Queue = new RabbitQueueOptions { MaxLength = 0 } }, "RabbitQueueOptions.MaxLength"),
        new(new RabbitTroupeOptions { Queue = new RabbitQueueOptions { DeliveryLimit = 0 } }, "RabbitQueueOptions.DeliveryLimit"),
        new(new RabbitTroupeOptions { TimeProvider = null! }, "RabbitTroupeOptions.TimeProvider"),
    ];

    [TestCaseSource(nameof(Wrong))]
    public void Option_OutOfRange_IsNamed(RabbitTroupeOptions options, string name)
    {
        const string Name = "a troupe whose options are wrong";
        Assert.That(
            () => new RabbitTroupe<int, int>(Name, options),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains(name).And.Property("ParamName").EqualTo("options"));
        Assert.That(TinyTroupes.Living.Select(troupe => troupe.Name), Has.None.EqualTo(Name), "nothing has started");
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("a\nb")]
    [TestCase("orders.dead")]
    [TestCase("orders.suspects")]
    [TestCase("orders.control")]
    [TestCase("orders.news")]
    public void Name_ThatCannotBe_IsRefused(string name) =>
        Assert.That(() => new RabbitTroupe<int, int>(name), Throws.ArgumentException.With.Property("ParamName").EqualTo("name"));

    [TestCase(" ")]
    [TestCase("a\nb")]
    [TestCase("orders.dead")]
    public void Name_ThatCannotBe_HasNoDeadLetters(string name) =>
        Assert.That(() => new RabbitDeadLetters(name, new()), Throws.ArgumentException.With.Property("ParamName").EqualTo("name"));

    [Test]
    public void Name_LongerThanAQueuesMayBe_IsRefused()
    {
        Assert.That(() => new RabbitTroupe<int, int>(new string('ä', 101)), Throws.ArgumentException);
        Assert.That(() => new RabbitTroupe<int, int>(null!), Throws.ArgumentNullException);
    }
}
