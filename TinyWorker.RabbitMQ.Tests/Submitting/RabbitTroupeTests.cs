using Microsoft.Extensions.Logging;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The submitting side with a host by hand, which says what no real one says on demand.</summary>
public sealed class RabbitTroupeTests
{
    private string _uri = "";

    [OneTimeSetUp]
    public async Task FindBroker() => _uri = await Brokers.UriAsync();

    [Test]
    public async Task Submit_AnsweredByAHost_HasTheResult_AndTheMessageSaysWhatTheHostNeeds()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { ContractVersion = "7" });
        var future = pair.Troupe.Submit(20);
        var task = await pair.Host.NextAsync();
        Assert.That(pair.Host.InputOf(task), Is.EqualTo(20));
        var properties = task.BasicProperties;
        Assert.That(properties.MessageId, Is.EqualTo(properties.CorrelationId));
        Assert.That(properties.ReplyTo, Does.StartWith($"tw.{pair.Troupe.Name}.replies."));
        Assert.That(task.RoutingKey, Is.EqualTo(properties.ReplyTo));
        Assert.That(properties.Persistent);
        Assert.That(TraceHeaders.TextOf(properties, MessageHeaders.Contract), Is.EqualTo("System.Int32 -> System.Int32 (version 7)"));
        Assert.That(properties.Headers!.Keys, Is.EquivalentTo(new[] { MessageHeaders.Contract }));
        await pair.Host.ReplyAsync(task, 21);
        Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(21));
    }

    [Test]
    public async Task Logger_ThatThrows_KeepsTheTroupeFromNothing()
    {
        var port = FreePorts.Take();
        var logs = new ThrowingLogs();
        await using var troupe = new RabbitTroupe<int, int>(
            Brokers.NewTroupe(), new() { Broker = $"amqp://guest:guest@127.0.0.1:{port}/", LoggerFactory = logs });
        await Within.Time(logs.Called, "a log line of a try that failed");
        await using var proxy = new BrokerProxy(((RabbitBroker)_uri).Endpoints[0].Port, port);
        await Within.Time(troupe.WhenReadyAsync(), "the broker");
        proxy.Cut();
        Within.Until(() => troupe.Broker is { Reconnects: 1 }, "another connection");
    }

    [Test]
    public async Task SubmitOptions_DeadlineAndTimeout_TravelInTheMessage()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var before = DateTimeOffset.UtcNow;
        _ = pair.Troupe.Submit(1, new SubmitOptions { Deadline = TimeSpan.FromMinutes(1), Timeout = TimeSpan.FromSeconds(2.5) });
        var headers = (await pair.Host.NextAsync()).BasicProperties.Headers!;
        var deadline = DateTimeOffset.FromUnixTimeMilliseconds((long)headers[MessageHeaders.Deadline]!);
        Assert.That(deadline, Is.InRange(before.AddSeconds(30), DateTimeOffset.UtcNow.AddMinutes(1).AddSeconds(1)));
        Assert.That(headers[MessageHeaders.Timeout], Is.EqualTo(2500L));
        _ = pair.Troupe.Submit(2, new SubmitOptions { Timeout = Timeout.InfiniteTimeSpan });
        Assert.That((await pair.Host.NextAsync()).BasicProperties.Headers![MessageHeaders.Timeout], Is.EqualTo(-1L));
        pair.Troupe.Abort();
    }

    [Test]
    public async Task SubmitOptions_KeyOrPriority_IsRefusedAtTheCall()
    {
        await using var troupe = new RabbitTroupe<int, int>(Brokers.NewTroupe(), new RabbitTroupeOptions { Broker = _uri });
        SubmitOptions keyed = new() { Key = "a" }, first = new() { Priority = 1 };
        Assert.That(() => troupe.Submit(1, keyed), Throws.ArgumentException.With.Message.Contains("SubmitOptions.Key"));
        Assert.That(() => troupe.Submit(TinyFuture.FromResult(1), keyed), Throws.ArgumentException);
        Assert.That(
            () => troupe.Submit(Task.FromResult(1), first), Throws.ArgumentException.With.Message.Contains("SubmitOptions.Priority"));
        Assert.That(() => troupe.SubmitAsync(1, first), Throws.ArgumentException);
        Assert.That(() => troupe.SubmitAsync(TinyFuture.FromResult(1), first), Throws.ArgumentException);
        Assert.That(() => troupe.SubmitAsync(Task.FromResult(1), keyed), Throws.ArgumentException);
        Assert.That(() => troupe.TrySubmit(1, keyed, out _), Throws.ArgumentException);
        Assert.That(() => troupe.CallAsync(1, keyed), Throws.ArgumentException);
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
    }

    [Test]
    public async Task Reply_WithAFault_KeepsTypeMessageAndTrace()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        Exception thrown;
        try
        {
            throw new FormatException("That is no number.");
        }
        catch (FormatException e)
        {
            thrown = e;
        }

        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), TaskOutcome.Fault, ErrorCodec.Write(thrown));
        var error = await Assert.ThrowsAsync<FormatException>(() => Within.Time(future.AsTask()));
        Assert.That(error!.Message, Is.EqualTo("That is no number."));
        Assert.That(error.ToString(), Does.Contain(nameof(Reply_WithAFault_KeepsTypeMessageAndTrace)));
    }

    [Test]
    public async Task Reply_WithAFaultThatCannotBeRebuilt_SpeaksOfARemoteWorker()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), TaskOutcome.Fault, ErrorCodec.Write(HiddenException.Make()));
        var error = await Assert.ThrowsAsync<RemoteWorkerException>(() => Within.Time(future.AsTask()));
        Assert.That(error!.Message, Does.StartWith($"A remote worker of '{pair.Troupe.Name}' threw {typeof(HiddenException)}: hidden"));
        Assert.That(error.ToString(), Does.Not.Contain("worker process"));
    }

    [Test]
    public async Task Reply_Refused_NamesBothContracts()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), TaskOutcome.Refused, [], "System.String -> System.Int32");
        var error = await Assert.ThrowsAsync<ContractMismatchException>(() => Within.Time(future.AsTask()));
        Assert.That((error!.Submitter, error.Host), Is.EqualTo(("System.Int32 -> System.Int32", "System.String -> System.Int32")));
    }

    [Test]
    public async Task Reply_ExpiredByTheClockOfAHostThatIsAhead_FaultsAndSaysSo()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1, new SubmitOptions { Deadline = TimeSpan.FromMinutes(5) });
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), TaskOutcome.Expired, []);
        var error = await Assert.ThrowsAsync<TimeoutException>(() => Within.Time(future.AsTask()));
        Assert.That(error!.Message, Does.Contain("by its clock"));
    }

    [Test]
    public async Task Reply_ThatCannotBeRead_FaultsItsTaskAndNoOther()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var (first, second, third) = (pair.Troupe.Submit(1), pair.Troupe.Submit(2), pair.Troupe.Submit(3));
        for (var i = 0; i < 3; i++)
        {
            var task = await pair.Host.NextAsync();
            await (pair.Host.InputOf(task) switch   // three that are sent at the same time may be stored in any order
            {
                1 => pair.Host.ReplyAsync(task, TaskOutcome.Ok, [99, 1, 2]),
                2 => pair.Host.ReplyAsync(task, "postponed", []),
                _ => pair.Host.ReplyAsync(task, 4),
            });
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => Within.Time(first.AsTask()));
        var unknown = await Assert.ThrowsAsync<InvalidDataException>(() => Within.Time(second.AsTask()));
        Assert.That(unknown!.Message, Does.Contain("'postponed'"));
        Assert.That(await Within.Time(third.AsTask()), Is.EqualTo(4));
    }

    [Test]
    public async Task Reply_GivenTwice_CountsOnce()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), 5, times: 2);
        Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(5));
        await Eventually.IsTrueAsync(() => pair.Troupe.Broker.LateReplies == 1, () => $"a late reply; {pair.Troupe.Broker}");
        Assert.That(pair.Troupe.Snapshot().Succeeded, Is.EqualTo(1));
    }

    [Test]
    public async Task Cancelled_ByAHostThoughNobodyAsked_IsAFault()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), TaskOutcome.Cancelled, []);
        await Eventually.IsTrueAsync(() => future.IsCompleted, () => "the end");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
        Assert.That(future.Exception, Is.TypeOf<OperationCanceledException>());
    }

    [Test]
    public async Task Cancel_ThatTheHostAnswers_EndsBeforeTheGrace()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { CancellationGrace = TimeSpan.FromMinutes(5) });
        var future = pair.Troupe.Submit(1);
        var task = await pair.Host.NextAsync();
        Assert.That(future.Cancel());
        Assert.That(await pair.Host.NextCancelAsync(), Is.EqualTo(task.BasicProperties.MessageId));
        await pair.Host.ReplyAsync(task, TaskOutcome.Cancelled, []);
        await Eventually.IsTrueAsync(() => future.IsCompleted, () => "the end");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Cancel_ThatComesTooLate_HasTheResult()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { CancellationGrace = TimeSpan.FromMinutes(5) });
        var future = pair.Troupe.Submit(1);
        var task = await pair.Host.NextAsync();
        future.Cancel();
        await pair.Host.NextCancelAsync();
        await pair.Host.ReplyAsync(task, 6);
        Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(6));
    }

    [Test]
    public async Task Cancel_ThatNobodyAnswers_EndsAfterTheGrace()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { CancellationGrace = TimeSpan.FromMilliseconds(200) });
        using var cancel = new CancellationTokenSource();
        var future = pair.Troupe.Submit(1, cancel.Token);
        await pair.Host.NextAsync();
        await cancel.CancelAsync();
        await Eventually.IsTrueAsync(() => future.IsCompleted, () => "the end");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(pair.Troupe.Snapshot().Abandoned, Is.Zero);
    }

    [Test]
    public async Task Deadline_PassingAtTheHost_FaultsWithATimeout_AndCancelsItThere()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { CancellationGrace = TimeSpan.FromMilliseconds(100) });
        var future = pair.Troupe.Submit(1, new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(500) });
        var task = await pair.Host.NextAsync();
        var error = await Assert.ThrowsAsync<TimeoutException>(() => Within.Time(future.AsTask()));
        Assert.That(error!.Message, Does.Contain("Deadline"));
        Assert.That(await pair.Host.NextCancelAsync(), Is.EqualTo(task.BasicProperties.MessageId));
    }

    [Test]
    public async Task Payload_TooLarge_FaultsItsTaskAndNamesTheOption()
    {
        await using var troupe = new RabbitTroupe<string, int>(
            Brokers.NewTroupe(), new RabbitTroupeOptions { Broker = _uri, MaxPayload = 100 });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Within.Time(troupe.Submit(new string('a', 200)).AsTask()));
        Assert.That(error!.Message, Does.Contain("RabbitTroupeOptions.MaxPayload"));
        Assert.That(troupe.Broker.Sent, Is.Zero);
    }

    [Test]
    public async Task DeadLetter_OfATask_IsToldAtOnce()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        var task = await pair.Host.NextAsync();
        await pair.Host.RejectAsync(task);
        var error = await Assert.ThrowsAsync<TaskDeadLetteredException>(() => Within.Time(future.AsTask()));
        Assert.That((error!.TaskId, error.Reason), Is.EqualTo((task.BasicProperties.MessageId, "rejected")));
        Assert.That(pair.Troupe.Broker.DeadLettered, Is.EqualTo(1));
    }

    [Test]
    public async Task Post_OfATask_IsStoredWithTheId_AndWantsNoReply()
    {
        await using var pair = await Pair.StartAsync(_uri);
        Assert.That(await Within.Time(pair.Troupe.PostAsync(5, "order 7")), Is.EqualTo("order 7"));
        var task = await pair.Host.NextAsync();
        Assert.That((task.BasicProperties.MessageId, task.BasicProperties.ReplyTo), Is.EqualTo(("order 7", (string?)null)));
        Assert.That(pair.Host.InputOf(task), Is.EqualTo(5));
        var id = await Within.Time(pair.Troupe.PostAsync(6));
        Assert.That((await pair.Host.NextAsync()).BasicProperties.MessageId, Is.EqualTo(id));
        await Assert.ThrowsAsync<ArgumentException>(() => pair.Troupe.PostAsync(1, ""));
        await Assert.ThrowsAsync<ArgumentException>(() => pair.Troupe.PostAsync(1, new string('a', 256)));
        await Assert.ThrowsAsync<OperationCanceledException>(() => pair.Troupe.PostAsync(1, null, new CancellationToken(canceled: true)));
    }

    [Test]
    public async Task Dispose_WithATaskUnderWay_WaitsForItsReply_AndDeletesTheReplyQueue()
    {
        var pair = await Pair.StartAsync(_uri);
        var future = pair.Troupe.Submit(1);
        var task = await pair.Host.NextAsync();
        var queue = pair.Troupe.Broker.ReplyQueue!;
        var disposal = pair.Troupe.DisposeAsync().AsTask();
        Assert.That(() => pair.Troupe.Submit(2), Throws.TypeOf<ObjectDisposedException>());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pair.Troupe.PostAsync(3));
        Assert.That(disposal.IsCompleted, Is.False);
        Assert.That(await Probe.MessagesAsync(_uri, queue), Is.Not.Null);
        await pair.Host.ReplyAsync(task, 7);
        await Within.Time(disposal);
        Assert.That(await Within.Time(future.AsTask()), Is.EqualTo(7));
        Assert.That(await Probe.MessagesAsync(_uri, queue), Is.Null);
        Assert.That(pair.Troupe.Broker.Connection, Is.EqualTo(RabbitConnectionState.Closed));
        Assert.That(pair.Troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pair.Troupe.WhenReadyAsync());
        await pair.DisposeAsync();
    }

    [Test]
    public async Task Stop_WithATokenThatFires_CancelsWhatIsUnderWay()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { CancellationGrace = TimeSpan.FromMinutes(5) });
        var future = pair.Troupe.Submit(1);
        await pair.Host.NextAsync();
        using var patience = new CancellationTokenSource();
        var stop = pair.Troupe.StopAsync(patience.Token);
        await patience.CancelAsync();
        await Within.Time(stop);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Abort_WithTasksUnderWay_EndsThemAtOnce_AndTellsTheHosts()
    {
        await using var pair = await Pair.StartAsync(
            _uri, options => options with { CancellationGrace = TimeSpan.FromMinutes(5), MaxInFlight = 1 });
        var (running, waiting) = (pair.Troupe.Submit(1), pair.Troupe.Submit(2));
        var task = await pair.Host.NextAsync();
        pair.Troupe.Abort();
        await Within.Time(pair.Troupe.DisposeAsync().AsTask());
        Assert.That((running.Status, waiting.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
        Assert.That(await pair.Host.NextCancelAsync(), Is.EqualTo(task.BasicProperties.MessageId));
    }

    [Test]
    public async Task Dispose_WithoutABroker_EndsWhateverWaitsByAbort()
    {
        var troupe = new RabbitTroupe<int, int>(Brokers.NewTroupe(), Nowhere());
        var future = troupe.Submit(1);
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Starting));
        Assert.That(troupe.Explain().Text, Does.Contain("is starting: it connects to the broker at 127.0.0.1:1 (virtual host '/')"));
        troupe.Abort();
        Within.Time(troupe.Dispose, "the disposal");
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public void Dispose_OfATroupeThatWasJustMade_ReturnsSoon()
    {
        for (var i = 0; i < 5; i++)
        {
            var troupe = new RabbitTroupe<int, int>(Brokers.NewTroupe(), new RabbitTroupeOptions { Broker = _uri, MaxInFlight = 4 });
            Within.Time(troupe.Dispose, "the disposal");
        }
    }

    [Test]
    public async Task Deadline_WhileThereIsNoBroker_Holds()
    {
        var troupe = new RabbitTroupe<int, int>(Brokers.NewTroupe(), Nowhere());
        var future = troupe.Submit(1, new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(300) });
        await Assert.ThrowsAsync<TimeoutException>(() => Within.Time(future.AsTask()));
        Assert.That(troupe.Explain().Text, Does.Contain("is starting"));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Broker_ThatIsNowhere_FaultsTasksAndPostsAfterATime()
    {
        var troupe = new RabbitTroupe<int, int>(
            Brokers.NewTroupe(), Nowhere() with { BrokerLostAfter = TimeSpan.FromMilliseconds(500) });
        var (future, post) = (troupe.Submit(1), troupe.PostAsync(2));
        var error = await Assert.ThrowsAsync<BrokerUnavailableException>(() => Within.Time(future.AsTask()));
        Assert.That(error!.Message, Does.Contain("127.0.0.1:1"));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => Within.Time(post));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => Within.Time(troupe.WhenReadyAsync()));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => Within.Time(troupe.Submit(3).AsTask()));
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Down));
        Assert.That(troupe.Explain().Text, Does.Contain("is down, and every task faults"));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Snapshot_OfAReadyTroupe_CountsWhatIsUnderWayAndListsNoWorkers()
    {
        await using var pair = await Pair.StartAsync(_uri, options => options with { MaxInFlight = 2 });
        var futures = Enumerable.Range(0, 3).Select(i => pair.Troupe.Submit(i)).ToArray();
        var tasks = new[] { await pair.Host.NextAsync(), await pair.Host.NextAsync() };
        var now = pair.Troupe.Snapshot();
        Assert.That((now.Running, now.Waiting, now.MaxWorkers, now.Workers.Count), Is.EqualTo((2, 1, 2, 0)));
        await Eventually.IsTrueAsync(() => pair.Troupe.Broker is { Stored: 2, Hosts: 1 }, () => $"{pair.Troupe.Broker}");
        var explanation = pair.Troupe.Explain();
        Assert.That(explanation.Text, Does.Contain("2 of at most 2 tasks are at the broker and its hosts"));
        Assert.That(explanation.Text, Does.Contain("1 host takes tasks from the queue"));
        Assert.That(explanation.ToString(), Does.Contain("2 sent, 2 stored"));
        foreach (var task in tasks) await pair.Host.ReplyAsync(task, 1);
        await pair.Host.ReplyAsync(await pair.Host.NextAsync(), 1);
        foreach (var future in futures) await Within.Time(future.AsTask());
        Assert.That(pair.Troupe.Explain(explanation).Ended, Is.EqualTo(3));
        Assert.That(pair.Troupe.ToString(), Does.StartWith($"RabbitTroupe '{pair.Troupe.Name}'"));
    }

    [Test]
    public async Task Living_Troupes_ListTheRemoteOneAndNotWhatIsInside()
    {
        await using var pair = await Pair.StartAsync(_uri);
        var found = TinyTroupes.Living.Where(troupe => troupe.Name == pair.Troupe.Name).ToArray();
        Assert.That(found, Is.EqualTo(new ITroupe[] { pair.Troupe }));
    }

    [Test]
    public async Task Troupe_ThatWasDropped_ClosesItsConnection()
    {
        var name = Brokers.NewTroupe();
        var side = await DropAsync(name);
        await Eventually.IsTrueAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return side.Ended.IsCompleted;
            },
            () => "the end of a troupe that was dropped");
        Assert.That(side.Connection.State, Is.EqualTo(RabbitConnectionState.Closed));

        async Task<Submitting.SubmittingSide> DropAsync(string name)
        {
            var troupe = new RabbitTroupe<int, int>(name, new RabbitTroupeOptions { Broker = _uri, MaxInFlight = 8 });
            await Within.Time(troupe.WhenReadyAsync());
            return troupe.Side;
        }
    }

    private static RabbitTroupeOptions Nowhere() =>
        new() { Broker = new RabbitBroker { Endpoints = [new("127.0.0.1", 1)] }, MaxInFlight = 4 };

    public sealed class HiddenException : Exception
    {
        private HiddenException(object secret)
            : base("hidden") => _ = secret;

        public static HiddenException Make() => new(new object());
    }

    private sealed class Pair : IAsyncDisposable
    {
        public required RabbitTroupe<int, int> Troupe { get; init; }

        public required RawHost Host { get; init; }

        public static async Task<Pair> StartAsync(string uri, Func<RabbitTroupeOptions, RabbitTroupeOptions>? change = null)
        {
            var options = new RabbitTroupeOptions { Broker = uri, MaxInFlight = 16, CancellationGrace = TimeSpan.FromMilliseconds(100) };
            var troupe = new RabbitTroupe<int, int>(Brokers.NewTroupe(), change?.Invoke(options) ?? options);
            await Within.Time(troupe.WhenReadyAsync());
            return new Pair { Troupe = troupe, Host = await RawHost.ConnectAsync(uri, troupe.Name) };
        }

        public async ValueTask DisposeAsync()
        {
            Troupe.Abort();
            await Within.Time(Troupe.DisposeAsync().AsTask(), "the troupe to end");
            await Host.DisposeAsync();
            await Brokers.ForgetAsync(Troupe.Name);
        }
    }

    private sealed class ThrowingLogs : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Called => _called.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name is { } name && name.Contains("TryFailed", StringComparison.Ordinal)) _called.TrySetResult();
            throw new InvalidOperationException("by the test");
        }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
