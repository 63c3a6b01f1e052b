namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Everything together, as local troupes do it: chains, maps, several submitters, several troupes.</summary>
public sealed class WholeSystemTests
{
    [Test]
    public async Task Chain_FromLocalOverRemoteToLocal_IsAsLocal()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await run.HostAsync(settings => settings with { BackEnd = HostBackEnd.Processes });
        await using var first = new TinyTroupe<int, Job>(static number => new Job(number, 1), new ThreadTroupeOptions { Workers = 2 });
        await using var last = new TinyTroupe<long, string>(static result => $"<{result}>", new PoolTroupeOptions { Workers = 2 });
        var ends = Enumerable.Range(0, 200).Select(number => last.Submit(run.Submitter.Submit(first.Submit(number)))).ToArray();
        var results = await Within.Time(Task.WhenAll(ends.Select(end => end.AsTask())), "the chains");
        Assert.That(results, Is.EqualTo(Enumerable.Range(0, 200).Select(number => $"<{new Job(number).Expected}>")));
        run.NothingRanTwice();
    }

    [Test]
    public async Task Chain_WithAFaultAtTheHost_CarriesItOn()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await using var last = new TinyTroupe<long, string>(static result => $"<{result}>", new PoolTroupeOptions { Workers = 2 });
        var end = last.Submit(run.Submitter.Submit(new Job(7, 0, JobKind.Faulty)));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Within.Time(end.AsTask(), "the chain"));
        Assert.That(error!.Message, Is.EqualTo("Job 7 is faulty."));
    }

    [Test]
    public async Task Submitters_TwoOnOneQueue_GetTheirOwnResults()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await run.HostAsync();
        var second = run.NewSubmitter(run.Options);
        var ofFirst = Enumerable.Range(0, 300).Select(number => run.Submitter.Submit(new Job(number))).ToArray();
        var ofSecond = Enumerable.Range(300, 300).Select(number => second.Submit(new Job(number))).ToArray();
        var results = await Within.Time(
            Task.WhenAll(ofFirst.Concat(ofSecond).Select(future => future.AsTask())), "the tasks of both");
        Assert.That(results, Is.EqualTo(Enumerable.Range(0, 600).Select(number => new Job(number).Expected)));
        run.NothingRanTwice();
        Assert.That(run.Submitter.Broker.LateReplies + second.Broker.LateReplies, Is.Zero);
    }

    [Test]
    public async Task Troupes_TwoOnOneBroker_DoNotMix()
    {
        var uri = await Brokers.UriAsync();
        await using var first = new FailureRun(uri);
        await using var second = new FailureRun(uri);
        await Task.WhenAll(first.HostAsync(), second.HostAsync());
        await Task.WhenAll(first.SubmitAsync(200, 0), second.SubmitAsync(200, 0));
        await first.AllEndRightAsync(FailureRun.Recovery);
        await second.AllEndRightAsync(FailureRun.Recovery);
        first.NothingRanTwice();
        second.NothingRanTwice();
    }
}
