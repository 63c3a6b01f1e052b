using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

/// <summary>What the connection says of brokers that it cannot use. The shared broker stays as it is.</summary>
public sealed class BrokerConnectionTests
{
    private const string Secret = "pa55-word";

    [Test]
    public async Task WrongPassword_FailsForGoodWithinSecondsAndIsNowhereToBeRead()
    {
        var node = new UriBuilder(await Brokers.UriAsync()) { UserName = "guest", Password = Secret };
        var error = await RefusedAsync(RabbitBroker.FromUri(node.Uri));
        Assert.That(error.Message, Does.Contain("password").And.Contain("ACCESS_REFUSED").And.Contain($":{node.Port}"));
    }

    [Test]
    public async Task MissingVirtualHost_FailsForGoodAndIsNamed()
    {
        var broker = (RabbitBroker)await Brokers.UriAsync() with { VirtualHost = "nobody-has-it" };
        var error = await RefusedAsync(broker);
        Assert.That(error.Message, Does.Contain("nobody-has-it").And.Contain("virtual host"));
    }

    [Test]
    public async Task MissingPermission_FailsForGoodAndIsNamed()
    {
        var node = await Brokers.SharedAsync();
        var user = "u" + Guid.NewGuid().ToString("N");
        await node.CtlAsync("add_user", user, Secret);
        await node.CtlAsync("set_permissions", user, "^nothing$", "^nothing$", "^nothing$");
        var credentials = new RabbitCredentials(user, Secret);
        var broker = (RabbitBroker)node.Uri with { Credentials = _ => Task.FromResult(credentials) };
        var error = await RefusedAsync(broker, (test, session, cancelled) => test.EnsureAsync(session, cancelled));
        Assert.That(error.Message, Does.Contain("permissions").And.Contain("tw."));
        await node.CtlAsync("delete_user", user);
    }

    [TestCase(0)]
    [TestCase(140)] // the broker cuts its answer then
    public async Task QueueOfAnotherType_FailsForGoodAndIsNamed(int moreName)
    {
        await using var first = new TestConnection(
            await Brokers.UriAsync(), troupe: Brokers.NewTroupe()[^20..] + new string('x', moreName)) { Declares = false };
        var session = await first.ReadyAsync();
        await session.AskAsync(
            (channel, cancelled) => channel.QueueDeclareAsync(
                first.Topology.Tasks, durable: true, exclusive: false, autoDelete: false, arguments: null, cancellationToken: cancelled),
            default);
        var error = await RefusedAsync(
            await Brokers.UriAsync(), (test, session, cancelled) => test.EnsureAsync(session, cancelled), first.Troupe);
        Assert.That(error.Message, Does.Contain($"'{first.Topology.Tasks}'").And.Contain("quorum"));
        await session.AskAsync(
            (channel, cancelled) => channel.QueueDeleteAsync(first.Topology.Tasks, cancellationToken: cancelled), default);
    }

    [Test]
    public async Task RefusedPort_FaultsAfterTheTimeForThatAndGoesOnTrying()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // and does not listen
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        await using var test = new TestConnection($"amqp://ann:{Secret}@127.0.0.1:{port}/", lostAfter: TimeSpan.FromSeconds(1));
        var error = await ThrowsAsync<BrokerUnavailableException>(test.Connection.WhenReadyAsync(default));
        Assert.That(error.Message, Does.Contain($"127.0.0.1:{port}").And.Contain("refused").And.Contain("BrokerLostAfter"));
        Assert.That(error.LostFor, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(0.9)));
        Assert.That(test.Connection.Outage, Is.SameAs(error));
        Assert.That(test.Connection.State, Is.AnyOf(RabbitConnectionState.Down, RabbitConnectionState.Connecting));
        AssertIsSecret(test, error);
    }

    [Test]
    public async Task NodeThatAcceptsAndNeverAnswers_DoesNotKeepTheOthersFromBeingTried()
    {
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        RabbitBroker shared = await Brokers.UriAsync();
        var broker = shared with
        {
            Endpoints = [new("127.0.0.1", ((IPEndPoint)silent.LocalEndPoint!).Port), .. shared.Endpoints],
        };
        for (var i = 0; i < 3; i++) // the order is random
        {
            await using var test = new TestConnection(broker);
            Assert.That((await test.ReadyAsync()).Endpoint, Is.EqualTo(shared.Endpoints[0].ToString()));
        }
    }

    [Test]
    public async Task Dispose_WhileANodeNeverAnswers_EndsAtOnce()
    {
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var test = new TestConnection($"amqp://127.0.0.1:{((IPEndPoint)silent.LocalEndPoint!).Port}");
        using var accepted = await Within.Time(silent.AcceptAsync());
        var ready = test.Connection.WhenReadyAsync(default);
        await Within.Time(test.DisposeAsync().AsTask(), "the disposal", TimeSpan.FromSeconds(4));
        await ThrowsAsync<ObjectDisposedException>(ready);
        Assert.That(test.Connection.State, Is.EqualTo(RabbitConnectionState.Closed));
        await Within.Time(test.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Dispose_BeforeTheStart_Closes()
    {
        var test = new TestConnection("amqp://127.0.0.1:1", isStarted: false);
        await Within.Time(test.DisposeAsync().AsTask());
        test.Connection.Start();
        Assert.That(test.Connection.State, Is.EqualTo(RabbitConnectionState.Closed));
        await ThrowsAsync<ObjectDisposedException>(test.Connection.WhenReadyAsync(default));
    }

    [Test]
    public async Task Credentials_AreAskedForEachConnectionAndAFailureOfTheirsPasses()
    {
        RabbitBroker shared = await Brokers.UriAsync();
        var asked = 0;
        var broker = shared with
        {
            Credentials = token => Interlocked.Increment(ref asked) == 1
                ? throw new IOException("The vault is shut.")
                : shared.Credentials(token),
        };
        await using var test = new TestConnection(broker);
        var session = await test.ReadyAsync();
        Assert.That(asked, Is.EqualTo(2));
        Assert.That(test.LogLines(), Has.Some.Contains("The vault is shut."));
        session.Fail(new IOException("by the test"));
        await test.UntilAsync(() => test.Connection is { Reconnects: 1, State: RabbitConnectionState.Ready }, "another connection");
        Assert.That(asked, Is.EqualTo(3));
    }

    [Test]
    public async Task Credentials_ThatAreNull_AreNamed()
    {
        Func<CancellationToken, Task<RabbitCredentials>>[] nothings = [_ => null!, _ => Task.FromResult<RabbitCredentials>(null!)];
        foreach (var nothing in nothings)
        {
            await using var test = new TestConnection(new RabbitBroker { Credentials = nothing });
            await test.UntilAsync(() => test.Connection.LastError is not null, "a failure");
            Assert.That(test.Connection.LastError!.Message, Does.Contain("RabbitBroker.Credentials gave null"));
        }
    }

    [Test]
    public async Task Credentials_ThatBlock_DoNotKeepTheConnectionFromItsEnd()
    {
        using var asked = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();
        var broker = new RabbitBroker
        {
            Credentials = _ =>
            {
                asked.Release();
                gate.Wait(CancellationToken.None);
                return Task.FromResult(new RabbitCredentials("guest", "guest"));
            },
        };
        var test = new TestConnection(broker);
        try
        {
            Assert.That(await asked.WaitAsync(Within.Deadline));
            await Within.Time(test.DisposeAsync().AsTask(), "the disposal", TimeSpan.FromSeconds(4));
        }
        finally
        {
            gate.Set();
        }
    }

    [Test]
    public async Task Credentials_ThatDoNotCome_AreNamed()
    {
        var never = new TaskCompletionSource<RabbitCredentials>();
        await using var test = new TestConnection(new RabbitBroker { Credentials = _ => never.Task });
        await test.UntilAsync(() => test.Connection.LastError is not null, "a failure");
        Assert.That(test.Connection.LastError!.Message, Does.Contain("RabbitBroker.Credentials"));
    }

    [Test]
    public async Task Refusals_OfABrokerThatWasReady_AreOutlasted()
    {
        RabbitBroker shared = await Brokers.UriAsync();
        await using var proxy = new BrokerProxy(shared.Endpoints[0].Port);
        var wrong = 0;
        var broker = shared with
        {
            Endpoints = [new("127.0.0.1", proxy.Port)],
            Credentials = token => Volatile.Read(ref wrong) > 0 && Interlocked.Decrement(ref wrong) >= 0
                ? Task.FromResult(new RabbitCredentials("guest", "that-of-yesterday"))
                : shared.Credentials(token),
        };
        await using var test = new TestConnection(broker);
        await test.ReadyAsync();
        Volatile.Write(ref wrong, BrokerConnection.RefusalsUntilFinal + 1);
        proxy.Cut();
        await test.UntilAsync(
            () => test.Connection is { State: RabbitConnectionState.Failed } or { Reconnects: 1 }, "an end of the refusals");
        Assert.That(test.Connection.Reconnects, Is.EqualTo(1), test.Connection.Outage?.Message);
    }

    [Test]
    public async Task Refusals_OfABrokerThatWasReady_AreFinalAfterTheTimeForALostOne()
    {
        RabbitBroker shared = await Brokers.UriAsync();
        await using var proxy = new BrokerProxy(shared.Endpoints[0].Port);
        var isWrong = false;
        var broker = shared with
        {
            Endpoints = [new("127.0.0.1", proxy.Port)],
            Credentials = token => Volatile.Read(ref isWrong)
                ? Task.FromResult(new RabbitCredentials("guest", "that-of-yesterday"))
                : shared.Credentials(token),
        };
        await using var test = new TestConnection(broker, lostAfter: TimeSpan.FromSeconds(1));
        await test.ReadyAsync();
        Volatile.Write(ref isWrong, true);
        proxy.Cut();
        await test.UntilAsync(() => test.Connection.State == RabbitConnectionState.Failed, "the last refusal");
        Assert.That(test.Connection.Outage, Is.InstanceOf<RabbitTopologyException>());
    }

    [Test]
    public async Task Permissions_ThatDoNotAllowToDeclareWhatIsThere_AreEnough()
    {
        var node = await Brokers.SharedAsync();
        await using var first = new TestConnection(node.Uri);
        await first.ReadyAsync();
        var user = "u" + Guid.NewGuid().ToString("N");
        await node.CtlAsync("add_user", user, Secret);
        await node.CtlAsync("set_permissions", user, "^nothing$", "^tw\\..*", "^tw\\..*");
        var credentials = new RabbitCredentials(user, Secret);
        var broker = (RabbitBroker)node.Uri with { Credentials = _ => Task.FromResult(credentials) };
        await using var test = new TestConnection(broker, troupe: first.Troupe);
        await test.ReadyAsync();
        Assert.That(test.WasMissing, Is.False);
        await node.CtlAsync("delete_user", user);
    }

    [Test]
    public async Task SetUp_ThatThrowsOnce_IsTriedOnAnotherConnectionAndLeavesNoConsumer()
    {
        var tries = 0;
        TestConnection test = null!;
        await using var made = test = new TestConnection(
            await Brokers.UriAsync(),
            async (session, cancelled) =>
            {
                var channel = await session.OpenChannelAsync(10, cancelled);
                await session.ConsumeAsync(channel, test.Topology.Tasks, exclusive: true, (_, _, _, _, _, _) => default, cancelled);
                if (++tries == 1) throw new IOException("in the middle of the set-up");
            });
        var ready = await test.ReadyAsync();
        Assert.That(tries, Is.EqualTo(2), "the exclusive consumer of the first try is gone");
        Assert.That((await test.Topology.CountAsync(ready, default)).Hosts, Is.EqualTo(1));
        Assert.That(test.LogLines(), Has.Some.Contains("in the middle of the set-up"));
        Assert.That(test.Connection.LastError, Is.Null);
    }

    [Test]
    public async Task Consumer_OfAQueueThatIsDeleted_EndsTheSessionAndTheNextOneFindsTheQueueMissing()
    {
        TestConnection test = null!;
        await using var made = test = new TestConnection(
            await Brokers.UriAsync(),
            async (session, cancelled) => await session.ConsumeAsync(
                await session.OpenChannelAsync(10, cancelled), test.Topology.Tasks, exclusive: false, (_, _, _, _, _, _) => default,
                cancelled));
        var first = await test.ReadyAsync();
        Assert.That(test.WasMissing);
        first.Fail(new IOException("by the test"));
        await test.UntilAsync(() => test.Connection is { Reconnects: 1, State: RabbitConnectionState.Ready }, "another connection");
        Assert.That(test.WasMissing, Is.False);
        var second = await test.ReadyAsync();
        await second.AskAsync((channel, cancelled) => channel.QueueDeleteAsync(test.Topology.Tasks, cancellationToken: cancelled), default);
        await test.UntilAsync(() => test.Connection is { Reconnects: 2, State: RabbitConnectionState.Ready }, "a third connection");
        Assert.That(test.WasMissing);
        Assert.That(test.LogLines(LogLevel.Warning), Has.Some.Contains("cancelled the consumer"));
    }

    [Test]
    public async Task Handler_ThatThrows_EndsTheSession()
    {
        TestConnection test = null!;
        var deliveries = 0;
        await using var made = test = new TestConnection(
            await Brokers.UriAsync(),
            async (session, cancelled) => await session.ConsumeAsync(
                await session.OpenChannelAsync(10, cancelled), test.Topology.Tasks, exclusive: false,
                (_, _, _, _, _, _) => Interlocked.Increment(ref deliveries) == 1 ? throw new InvalidOperationException("a bug") : default,
                cancelled));
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        publisher.Publish(new TestMessage(test.Topology.Tasks, "", "m"));
        await test.UntilAsync(() => test.Connection is { Reconnects: 1, State: RabbitConnectionState.Ready }, "another connection");
        Within.Until(() => Volatile.Read(ref deliveries) == 2, "the second delivery");
        Assert.That(test.LogLines(LogLevel.Warning), Has.Some.Contains("a bug"));
    }

    [Test]
    public async Task Ask_ThatIsRefused_LeavesTheSession()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        for (var i = 0; i < 50; i++)
        {
            Assert.That(await TroupeTopology.LookAsync(session, "nobody." + test.Troupe, default), Is.Null);
            Assert.That(await TroupeTopology.LookAsync(session, test.Topology.Tasks, default), Is.Not.Null);
        }

        Assert.That(session.Ended.IsCancellationRequested, Is.False);
    }

    private static async Task<RabbitTopologyException> RefusedAsync(
        RabbitBroker broker, Func<TroupeTopology, BrokerSession, CancellationToken, Task>? setUp = null, string? troupe = null)
    {
        TestConnection test = null!;
        await using var made = test = new TestConnection(
            broker,
            (session, cancelled) => setUp is null ? session.OpenChannelAsync(0, cancelled) : setUp(test.Topology, session, cancelled),
            troupe: troupe) { Declares = false };
        var ready = test.Connection.WhenReadyAsync(default);
        await Task.WhenAny(ready, Task.Delay(Within.Deadline));
        Assert.That(ready.IsFaulted, $"{test.Connection.State}\n{string.Join('\n', test.LogLines())}");
        var error = await ThrowsAsync<RabbitTopologyException>(ready);
        Assert.That(test.Connection.State, Is.EqualTo(RabbitConnectionState.Failed));
        Assert.That(test.Connection.Outage, Is.SameAs(error));
        Assert.That(test.LogLines(LogLevel.Error), Has.Exactly(1).Contains("tries no more"));
        AssertIsSecret(test, error);
        return error;
    }

    private static void AssertIsSecret(TestConnection test, Exception error)
    {
        TestContext.Out.WriteLine(error.Message);
        var all = $"{error}\n{test.Connection.LastError}\n{string.Join('\n', test.LogLines())}";
        Assert.That(all, Does.Not.Contain(Secret));
        Assert.That(test.LogLines(), Is.Not.Empty, "the log that must not have it is looked at");
    }

    private static async Task<T> ThrowsAsync<T>(Task task)
        where T : Exception
    {
        try
        {
            await Within.Time(task, "the failure");
        }
        catch (T error)
        {
            return error;
        }

        throw new AssertionException($"{typeof(T).Name} was expected.");
    }
}
