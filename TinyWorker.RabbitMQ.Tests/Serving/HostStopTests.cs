using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>How a host stops: what runs ends, what waits goes back, and nothing is lost or run twice.</summary>
[TestFixture]
public sealed class HostStopTests
{
    [Test]
    public async Task Stop_WhileTasksRunAndWait_LetsThoseEndAndGivesTheseBackInOrder()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        for (var i = 1; i <= 5; i++) await served.Submitter.SendAsync($"t{i}", i);
        await served.UntilAsync(static host => host.Run == 6, "five to wait");

        var stop = served.Host.StopAsync(CancellationToken.None);
        await Probe.UntilQueueAsync(await Brokers.UriAsync(), served.Submitter.Tasks, static ready => ready == 5, "what waits to go back");
        Assert.That(stop.IsCompleted, Is.False);
        served.Open(-1);
        await Within.Time(stop, "the host to stop");

        Assert.That(await served.Submitter.ReplyAsync() is { TaskId: "running", Outcome: TaskOutcome.Ok, Number: -10 }, Is.True);
        Assert.That(await served.Submitter.DrainAsync(), Is.EqualTo(new[] { "t1", "t2", "t3", "t4", "t5" }));
        Assert.That((served.Runs, served.Submitter.HasReply), Is.EqualTo((1, false)));
    }

    [Test]
    public async Task Stop_WhileOneWaitsForRoom_GivesThatBackToo()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1, capacity: 1);
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        for (var i = 1; i <= 3; i++) await served.Submitter.SendAsync($"t{i}", i);
        await served.UntilAsync(static host => host.Delivered == 3, "one to wait and one to wait for room");

        var stop = served.Host.StopAsync(CancellationToken.None);
        await Probe.UntilQueueAsync(await Brokers.UriAsync(), served.Submitter.Tasks, static ready => ready == 3, "what waits to go back");
        served.Open(-1);
        await Within.Time(stop, "the host to stop");

        Assert.That(await served.Submitter.DrainAsync(), Is.EqualTo(new[] { "t1", "t2", "t3" }));
        Assert.That(served.Runs, Is.EqualTo(1));
    }

    [Test]
    public async Task Stop_OfTasksThatDoNotEnd_CancelsThemAfterTheDrainTimeoutAndGivesThemBack()
    {
        await using var served = await ServedTroupe.StartAsync(
            static options => options with { DrainTimeout = TimeSpan.FromMilliseconds(300) });
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);

        await served.StopHostAsync();

        Assert.That(await served.Submitter.DrainAsync(), Is.EqualTo(new[] { "running" }));
        Assert.That(served.Submitter.HasReply, Is.False);
        Assert.That(served.Logs.ToString(), Does.Contain("DrainTimeout of 00:00:00.3"));
    }

    [Test]
    public async Task Stop_OfTasksThatEndWithAnotherExceptionWhenCancelled_GivesThemBackAndFaultsNone()
    {
        await using var served = await ServedTroupe.StartAsync(
            static options => options with { DrainTimeout = TimeSpan.Zero }, onCancel: static () => new IOException("The line is cut."));
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);

        await served.StopHostAsync();

        Assert.That(await served.Submitter.DrainAsync(), Is.EqualTo(new[] { "running" }));
        Assert.That(served.Submitter.HasReply, Is.False);
    }

    [Test]
    public async Task Stop_WhoseTokenFires_GivesBackAtOnce()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        var patient = served.Host.StopAsync(CancellationToken.None);

        await Within.Time(served.Host.StopAsync(new CancellationToken(canceled: true)), "the impatient stop");

        await Within.Time(patient, "the patient stop");
        Assert.That(await served.Submitter.DrainAsync(), Is.EqualTo(new[] { "running" }));
    }

    [Test]
    public async Task Stop_UnderLoad_LosesNothingAndRunsNothingTwice()
    {
        await using var served = await ServedTroupe.StartAsync(static options => options with { Prefetch = 50 });
        for (var i = 0; i < 100; i++) await served.Submitter.SendAsync($"t{i}", i);
        await served.UntilAsync(static host => host.Replied >= 1, "the first to end");
        await served.StopHostAsync();

        var left = await served.Submitter.DrainAsync();
        var replies = await served.Submitter.RepliesAsync(100 - left.Count);

        Assert.That(left.Concat(replies.Keys).Order(), Is.EqualTo(Enumerable.Range(0, 100).Select(static i => $"t{i}").Order()));
        Assert.That((served.Runs, served.Host.Snapshot().Unacknowledged), Is.EqualTo((replies.Count, 0)));
    }

    // A worker may take a task while the stop looks at it: then the task goes on, and does not go back.
    [TestCase("pool")]
    [TestCase("threads")]
    [TestCase("processes")]
    [TestCase("no room")]
    public async Task Stop_AgainAndAgainUnderLoad_AsksNoTaskToStopAndRunsNothingTwice(string backEnd)
    {
        const int Stops = 25;
        var uri = await Brokers.UriAsync();
        var name = Brokers.NewTroupe();
        TinyTroupeOptions options = backEnd switch
        {
            "threads" => new TinyTroupeOptions { Name = name, Workers = 2 },
            "processes" => new ProcessTroupeOptions { Name = name, Workers = 2 },
            _ => new PoolTroupeOptions { Name = name, Workers = 2, Capacity = backEnd == "pool" ? 1024 : 1 },
        };
        await using var local = new TinyTroupe<int, int>(static (input, token) => OnceUnlessStopped(input, token), options);
        await using var submitter = new RabbitTroupe<int, int>(name, new RabbitTroupeOptions { Broker = uri, MaxInFlight = 512 });
        List<TinyFuture<int>> futures = [];
        using var isOver = new CancellationTokenSource();
        var submitting = Task.Run(async () =>
        {
            while (!isOver.IsCancellationRequested)
                futures.Add(await Within.Time(submitter.SubmitAsync(futures.Count).AsTask(), "a task to be accepted"));
        });

        var replied = 0L;
        for (var i = 0; i < Stops; i++)
        {
            await using var host = new RabbitTroupeHost<int, int>(local, new RabbitHostOptions { Broker = uri, Prefetch = 256 });
            var running = host.RunAsync(CancellationToken.None);
            await Eventually.IsTrueAsync(() => host.Snapshot().Replied >= 50, () => $"replies; now: {host.Snapshot()}");
            if (i == Stops - 1)
            {
                await isOver.CancelAsync();
                await Within.Time(submitting, "the submitter");
                await Task.WhenAll(futures.Select(static future => Within.Time(future.AsTask())));
            }

            await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
            await Within.Time(running, "RunAsync to end");
            replied += host.Snapshot().Replied;
        }

        Assert.That(futures.Select(static future => future.Result()), Is.EqualTo(Enumerable.Range(0, futures.Count)));
        var counts = local.Snapshot();
        TestContext.Out.WriteLine($"{futures.Count} tasks; {counts}");
        Assert.That((counts.Succeeded, counts.Faulted), Is.EqualTo(((long)futures.Count, 0L)), "each ran once, and to its end");
        Assert.That(replied, Is.EqualTo(futures.Count), "and was answered once");
    }

    [Test]
    public async Task Task_GivenBackAgainAndAgainWithoutHavingBegun_IsNoSuspect()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        var busy = served.Troupe.Submit(-1);
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("innocent", 4);

        for (var i = 0; i < 6; i++)
        {
            await served.UntilAsync(static host => host.Run == 1, "it to wait");
            await served.RestartHostAsync();
        }

        served.Open(-1);
        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Number), Is.EqualTo(("innocent", 40)));
        Assert.That(reply.Attempt, Is.LessThanOrEqualTo(2));
        Assert.That((served.RunsOf(4), served.Host.Snapshot().Suspected), Is.EqualTo((1, 0L)));
        await Within.Time(busy.AsTask());
    }

    [Test]
    public async Task Suspect_GivenBackAgainAndAgainWithoutHavingBegun_IsNoDeadLetter()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        var busy = served.Troupe.Submit(-1);
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("suspect", 4, headers: static headers => headers[MessageHeaders.Before] = 2);

        for (var i = 0; i < 6; i++)
        {
            await served.UntilAsync(static host => host.Run == 1, "it to wait");
            await served.RestartHostAsync();
        }

        served.Open(-1);
        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Number, reply.Attempt), Is.EqualTo(("suspect", 40, 3)));
        await Within.Time(busy.AsTask());
    }

    // Long enough to be asked to stop. That is no cancellation here, so it is counted.
    private static int OnceUnlessStopped(int input, CancellationToken token)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMicroseconds(200))
            if (token.IsCancellationRequested) throw new InvalidOperationException($"Task {input} was asked to stop.");
        return input;
    }
}
