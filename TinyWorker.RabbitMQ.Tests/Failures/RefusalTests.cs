namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What cannot work: the error names it, nobody tries for ever, and no password is told.</summary>
public sealed class RefusalTests
{
    private const string User = "tinyworker-tests";
    private const string UserWithoutPermissions = "tinyworker-tests-without-permissions";
    private const string Password = "s3cret:pass/word%41";

    private readonly MemoryLogs _logs = new();

    public enum Refusal
    {
        MissingVirtualHost,
        WrongPassword,
        NoAccessToTheVirtualHost,
        NoPermission,
    }

    [TestCase(Refusal.MissingVirtualHost)]
    [TestCase(Refusal.WrongPassword)]
    [TestCase(Refusal.NoAccessToTheVirtualHost)]
    [TestCase(Refusal.NoPermission)]
    public async Task Broker_ThatRefuses_IsNamedOnBothSidesAndNotTriedForEver(Refusal refusal)
    {
        var node = await Brokers.SharedAsync();
        await using var proxy = new BrokerProxy(node.Port);
        var secret = refusal == Refusal.WrongPassword ? Password + "-wrong" : Password;
        var virtualHost = refusal == Refusal.MissingVirtualHost ? "no-such-vhost" : "";
        var user = refusal == Refusal.NoPermission ? UserWithoutPermissions : User;
        if (refusal != Refusal.WrongPassword) await EnsureUserAsync(node, user);
        if (refusal == Refusal.NoPermission) await node.CtlAsync("set_permissions", user, "", "", "");
        RabbitBroker broker = $"amqp://{user}:{Uri.EscapeDataString(secret)}@127.0.0.1:{proxy.Port}/{virtualHost}";
        var name = Brokers.NewTroupe();

        await using var troupe = new RabbitTroupe<Job, long>(name, new() { Broker = broker, LoggerFactory = _logs });
        var ofSubmitter = await CatchAsync<RabbitTopologyException>(troupe.WhenReadyAsync());
        await using var local = new TinyTroupe<Job, long>(static job => job.Expected, new PoolTroupeOptions { Name = name });
        await using var host = new RabbitTroupeHost<Job, long>(local, new() { Broker = broker, LoggerFactory = _logs });
        var run = host.RunAsync(CancellationToken.None);
        var ofHost = await CatchAsync<RabbitTopologyException>(run);
        var ofTask = await CatchAsync<RabbitTopologyException>(troupe.Submit(new Job(0)).AsTask());

        foreach (var error in new[] { ofSubmitter, ofHost, ofTask })
        {
            Assert.That(error.Message, Does.Contain(name));
            Assert.That(error.Message, Does.Contain($"127.0.0.1:{proxy.Port}").Or.Contain($"127.0.0.1:{node.Port}"), error.ToString());
            Assert.That(error.Message, Does.Contain(Named(refusal)).IgnoreCase);
        }

        Assert.That(troupe.Broker.Connection, Is.EqualTo(RabbitConnectionState.Failed));
        Assert.That(host.Snapshot().Connection, Is.EqualTo(RabbitConnectionState.Failed).Or.EqualTo(RabbitConnectionState.Closed));
        NobodyTells(secret, [ofSubmitter, ofHost, ofTask]);
        // An absence can only be waited for: a connection that is tried again comes within a second or two.
        var tried = proxy.Connections;
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.That(proxy.Connections, Is.EqualTo(tried), "it tries for ever");
    }

    [Test]
    public async Task Port_ThatRefuses_FaultsWhatWaitsAfterATimeAndIsTriedUntilABrokerIsThere()
    {
        var node = await Brokers.SharedAsync();
        var port = FreePorts.Take();
        await using var troupe = new RabbitTroupe<Job, long>(Brokers.NewTroupe(), new()
        {
            Broker = $"amqp://guest:guest@127.0.0.1:{port}/", BrokerLostAfter = TimeSpan.FromSeconds(2), LoggerFactory = _logs,
        });
        var early = troupe.Submit(new Job(0));
        var ofReady = await CatchAsync<BrokerUnavailableException>(troupe.WhenReadyAsync());
        var ofTask = await CatchAsync<BrokerUnavailableException>(early.AsTask());
        Assert.That(ofReady.Message, Does.Contain($"127.0.0.1:{port}"));
        Assert.That(ofReady.LostFor, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1.9)));   // a timer may be early by a few ms
        Assert.That(ofTask.Message, Does.Contain(troupe.Name));
        Assert.That(troupe.Broker.LastError, Is.Not.Null);

        await using var proxy = new BrokerProxy(node.Port, port);
        await ReadyAtLastAsync(troupe);
        await using var local = new TinyTroupe<Job, long>(static job => job.Expected, new PoolTroupeOptions { Name = troupe.Name });
        await using var host = new RabbitTroupeHost<Job, long>(local, new() { Broker = node.Uri, LoggerFactory = _logs });
        _ = host.RunAsync(CancellationToken.None);
        Assert.That(await Within.Time(troupe.Submit(new Job(1)).AsTask(), "a task"), Is.EqualTo(new Job(1).Expected));
    }

    [Test]
    public async Task Queue_OfAnotherKind_IsNamed()
    {
        var uri = await Brokers.UriAsync();
        var name = Brokers.NewTroupe();
        await Probe.AskAsync(uri, channel => channel.QueueDeclareAsync("tw." + name, true, false, false));
        await using var troupe = new RabbitTroupe<Job, long>(name, new() { Broker = uri, LoggerFactory = _logs });
        var error = await CatchAsync<RabbitTopologyException>(troupe.WhenReadyAsync());
        Assert.That(error.Message, Does.Contain("tw." + name).And.Contain("must be a quorum queue"));
        await Probe.AskAsync(uri, channel => channel.QueueDeleteAsync("tw." + name, false, false));
    }

    [TestCase("2")]
    [TestCase(null)]
    public async Task Contract_OfAnotherVersion_IsRefusedAndNeverRun(string? version)
    {
        await using var run = new FailureRun(await Brokers.UriAsync(), options => options with { ContractVersion = "1" });
        await run.HostAsync(settings => settings with { ContractVersion = version });
        await run.SubmitAsync(3, 0);
        foreach (var (_, future) in run.Submitted)
        {
            var error = await CatchAsync<ContractMismatchException>(future.AsTask());
            Assert.That(error.Message, Does.Contain($"\"{error.Submitter}\"").And.Contain($"\"{error.Host}\""));
            Assert.That(error.Submitter, Is.Not.EqualTo(error.Host));
        }

        Assert.That(run.Ledger.Read(), Is.Empty);
        await Probe.UntilQueueAsync(run.Broker, "tw." + run.Troupe, messages => messages == 0, "an empty queue");
    }

    [Test]
    public async Task Contract_OfOtherTypes_IsRefusedAndNeverRun()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await using var other = new RabbitTroupe<string, string>(run.Troupe, run.Options);
        var error = await CatchAsync<ContractMismatchException>(other.Submit("task").AsTask());
        Assert.That(error.Submitter, Does.Contain("String"));
        Assert.That(error.Host, Does.Contain(nameof(Job)));
        // The right ones run all the same.
        await run.SubmitAsync(3, 0);
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    private static string Named(Refusal refusal) => refusal switch
    {
        Refusal.MissingVirtualHost => "no-such-vhost",
        Refusal.WrongPassword => "name of the user and the password",
        Refusal.NoAccessToTheVirtualHost => $"access to vhost '/' refused for user '{User}'",
        _ => "set_permissions",
    };

    private static async Task EnsureUserAsync(RabbitNode node, string user)
    {
        var users = await node.CtlAsync("list_users", "--no-table-headers");
        if (!users.Contains(user + "\t", StringComparison.Ordinal)) await node.CtlAsync("add_user", user, Password);
    }

    // WhenReadyAsync faults while the broker counts as lost. Then it is there.
    private static async Task ReadyAtLastAsync(RabbitTroupe<Job, long> troupe)
    {
        using var timeout = new CancellationTokenSource(Within.Deadline);
        while (true)
        {
            try
            {
                await troupe.WhenReadyAsync(timeout.Token);
                return;
            }
            catch (BrokerUnavailableException)
            {
                await Task.Delay(50, timeout.Token);
            }
        }
    }

    private static async Task<T> CatchAsync<T>(Task task)
        where T : Exception
    {
        try
        {
            await Within.Time(task, $"a {typeof(T).Name}");
        }
        catch (T e)
        {
            return e;
        }

        throw new AssertionException($"There was no {typeof(T).Name}.");
    }

    private void NobodyTells(string secret, Exception[] errors)
    {
        foreach (var form in new[] { secret, Uri.EscapeDataString(secret), Password })
        {
            Assert.That(errors.Select(error => error.ToString()), Has.None.Contains(form));
            Assert.That(_logs.Lines, Has.None.Contains(form));
        }

        Assert.That(_logs.Lines, Is.Not.Empty);
    }
}
