namespace TinyWorker.RabbitMQ.Tests;

/// <summary>An option that cannot be is named before anything starts.</summary>
[TestFixture]
public sealed class RabbitHostOptionsTests
{
    private static readonly RabbitHostOptions Good = new();

    private static IEnumerable<TestCaseData> Bad()
    {
        yield return Case(Good with { Prefetch = 0 }, nameof(RabbitHostOptions.Prefetch));
        yield return Case(Good with { Prefetch = 65_536 }, nameof(RabbitHostOptions.Prefetch));
        yield return Case(Good with { RememberedTasks = -1 }, nameof(RabbitHostOptions.RememberedTasks));
        yield return Case(Good with { RememberedBytes = -1 }, nameof(RabbitHostOptions.RememberedBytes));
        yield return Case(Good with { DrainTimeout = TimeSpan.FromSeconds(-1) }, nameof(RabbitHostOptions.DrainTimeout));
        yield return Case(Good with { DrainTimeout = TimeSpan.FromDays(50) }, nameof(RabbitHostOptions.DrainTimeout));
        yield return Case(Good with { SuspectAfter = 0 }, nameof(RabbitHostOptions.SuspectAfter));
        yield return Case(Good with { BrokerLostAfter = TimeSpan.Zero }, nameof(RabbitHostOptions.BrokerLostAfter));
        yield return Case(Good with { MaxPayload = 0 }, nameof(RabbitHostOptions.MaxPayload));
        yield return Case(Good with { Heartbeat = TimeSpan.FromMilliseconds(999) }, nameof(RabbitHostOptions.Heartbeat));
        yield return Case(Good with { ContractVersion = " " }, nameof(RabbitHostOptions.ContractVersion));
        yield return Case(Good with { HostName = "" }, nameof(RabbitHostOptions.HostName));
        yield return Case(Good with { TimeProvider = null! }, nameof(RabbitHostOptions.TimeProvider));
        yield return Case(Good with { Queue = null! }, nameof(RabbitHostOptions.Queue));
        yield return Case(Good with { Broker = null! }, nameof(RabbitHostOptions.Broker));
        yield return Case(Good with { Broker = new RabbitBroker { Endpoints = [] } }, nameof(RabbitBroker.Endpoints));
        yield return Case(Good with { Queue = new RabbitQueueOptions { Replicas = 0 } }, nameof(RabbitQueueOptions.Replicas));

        static TestCaseData Case(RabbitHostOptions options, string name) =>
            new TestCaseData(options, name).SetArgDisplayNames($"{name}: {options.GetHashCode() & 0xFFF}");
    }

    [TestCaseSource(nameof(Bad))]
    public async Task Option_OutOfRange_IsNamed(RabbitHostOptions options, string name)
    {
        await using var troupe = new TinyTroupe<int, int>(static input => input, new InlineTroupeOptions());

        Assert.That(
            () => new RabbitTroupeHost<int, int>(troupe, options),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains($".{name} must").And.Property("ParamName").EqualTo("options"));
    }

    [Test]
    public async Task NameOfTheTroupe_TooLongForAQueue_IsRefused()
    {
        await using var troupe = new TinyTroupe<int, int>(static input => input, new InlineTroupeOptions { Name = new string('x', 250) });

        Assert.That(() => new RabbitTroupeHost<int, int>(troupe), Throws.ArgumentException.With.Message.Contains("name of a troupe"));
    }

    [Test]
    public async Task Host_NeverRun_StopsAtOnce()
    {
        await using var troupe = new TinyTroupe<int, int>(static input => input, new InlineTroupeOptions());
        var host = new RabbitTroupeHost<int, int>(troupe);

        await Within.Time(host.StopAsync(CancellationToken.None), "the stop");
        await Within.Time(host.DisposeAsync().AsTask(), "the disposal");

        await Assert.ThatAsync(() => host.RunAsync(CancellationToken.None), Throws.InstanceOf<ObjectDisposedException>());
    }
}
