using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What a host replies if a task has no plain result.</summary>
[TestFixture]
public sealed class HostReplyTests
{
    [Test]
    public async Task Result_TooLarge_FaultsTheTaskAndSaysSo()
    {
        await using var run = await HostRun<string>.StartAsync(
            static (input, _) => Task.FromResult(new string('x', input)), static options => options with { MaxPayload = 1000 });

        await run.SendAsync("large", 1200);
        await run.SendAsync("small", 500);

        var replies = await run.Submitter.RepliesAsync(2);
        Assert.That(
            replies["large"].Exception,
            Is.TypeOf<InvalidOperationException>().With.Message.Contains("RabbitHostOptions.MaxPayload allows 1,000"));
        Assert.That(replies["small"].Outcome, Is.EqualTo(TaskOutcome.Ok));
    }

    [Test]
    public async Task Exception_OfTheTask_ArrivesWithItsTypeAndAShortText()
    {
        await using var run = await HostRun<string>.StartAsync(
            static (input, _) => throw new ArgumentOutOfRangeException(nameof(input), new string('y', 1000)));

        await run.SendAsync("a", 1);

        var reply = await run.Submitter.ReplyAsync();
        Assert.That((reply.Outcome, reply.Exception.GetType()), Is.EqualTo((TaskOutcome.Fault, typeof(ArgumentOutOfRangeException))));
        Assert.That(reply.Error, Has.Length.EqualTo(ReplyMessage.LongestError).And.StartsWith("ArgumentOutOfRangeException: yyy"));
    }

    [Test]
    public async Task Exception_TooLarge_IsReplacedByOneThatSaysSo()
    {
        await using var run = await HostRun<string>.StartAsync(
            static (_, _) => throw new NotSupportedException(new string('y', 5000)), static options => options with { MaxPayload = 2000 });

        await run.SendAsync("a", 1);

        var reply = await run.Submitter.ReplyAsync();
        Assert.That(reply.Exception, Is.TypeOf<InvalidOperationException>().With.Message.Contains("NotSupportedException: yyy"));
    }

    [Test]
    public async Task Exception_OfAnotherTroupesStart_IsTheTasks()
    {
        await using var broken = new TinyTroupe<int, string>(
            static ITinyWorker<int, string> (_) => throw new InvalidOperationException("no model"),
            new ThreadTroupeOptions { Name = "inner", Workers = 1 });
        await using var run = await HostRun<string>.StartAsync(async (input, _) => await broken.Submit(input, CancellationToken.None));

        await run.SendAsync("a", 1);

        var reply = await run.Submitter.ReplyAsync();
        Assert.That((reply.Outcome, run.Host.Snapshot().IsConsuming), Is.EqualTo((TaskOutcome.Fault, true)));
    }

    [Test]
    public async Task Prefetch_LeftOpen_GrowsWithShortTasks()
    {
        await using var run = await HostRun<string>.StartAsync(
            static (_, _) => Task.FromResult("done"), static options => options with { Prefetch = null }, workers: 2);
        Assert.That(run.Host.Snapshot().Prefetch, Is.EqualTo(3));

        var ids = Enumerable.Range(0, 200).Select(static i => $"t{i}").ToArray();
        foreach (var id in ids) await run.SendAsync(id, 1);

        var replies = await run.Submitter.RepliesAsync(ids.Length);
        Assert.That(replies.Keys, Is.EquivalentTo(ids));
        Assert.That(run.Host.Snapshot().Prefetch, Is.GreaterThan(3));
        await run.SendAsync("after", 1);
        Assert.That((await run.Submitter.ReplyAsync()).TaskId, Is.EqualTo("after"));
        await Eventually.IsTrueAsync(() => run.Host.Snapshot().Unacknowledged == 0, () => run.Host.Snapshot().ToString());
    }

    /// <summary>A host of tasks from int, and a submitter by hand.</summary>
    private sealed class HostRun<T>(TinyTroupe<int, T> troupe, RabbitTroupeHost<int, T> host, Task run, RawSubmitter submitter)
        : IAsyncDisposable
    {
        public RabbitTroupeHost<int, T> Host => host;

        public RawSubmitter Submitter => submitter;

        public static async Task<HostRun<T>> StartAsync(
            Func<int, CancellationToken, Task<T>> function, Func<RabbitHostOptions, RabbitHostOptions>? change = null, int workers = 1)
        {
            var (name, uri) = (Brokers.NewTroupe(), await Brokers.UriAsync());
            var troupe = new TinyTroupe<int, T>(function, new PoolTroupeOptions { Name = name, Workers = workers });
            var options = new RabbitHostOptions { Broker = uri, Prefetch = 10 };
            var host = new RabbitTroupeHost<int, T>(troupe, change?.Invoke(options) ?? options);
            var run = host.RunAsync(CancellationToken.None);
            await Within.Time(host.WhenReadyAsync(), "the host to take tasks");
            return new HostRun<T>(troupe, host, run, await RawSubmitter.ConnectAsync(uri, name));
        }

        public Task SendAsync(string id, int input) => submitter.SendAsync(id, input, Contract.Of<int, T>(null));

        public async ValueTask DisposeAsync()
        {
            await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
            await Within.Time(run, "RunAsync to end");
            await troupe.DisposeAsync();
            await submitter.DisposeAsync();
        }
    }
}
