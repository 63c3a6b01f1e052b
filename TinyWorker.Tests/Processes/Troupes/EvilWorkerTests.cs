using TinyWorker.Processes.Payloads;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A worker process that sends what it should not is lost, and nothing else is.</summary>
internal sealed class EvilWorkerTests : TroupeFixture
{
    [TestCase("half a header")]
    [TestCase("half a payload")]
    [TestCase("half of a lot")]
    public async Task Worker_ThatDiesInTheMiddleOfAFrame_FaultsThatTaskOnly(string breach)
    {
        var before = GC.GetTotalAllocatedBytes();
        await Crashed(await ServeAround(breach), Death.Sigkill);
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(64 << 20), "memory allocated for a length that is not believed");
    }

    [TestCase("length -1")]
    [TestCase("length 0")]
    [TestCase("length 2^31-1")]
    [TestCase("a number of two gigabytes")]
    [TestCase("shared, but nothing is")]
    [TestCase("unknown kind")]
    [TestCase("kind of the parent")]
    [TestCase("kind of the start")]
    [TestCase("unknown id")]
    [TestCase("id 0")]
    [TestCase("repeated id")]
    [TestCase("gives back what it is at")]
    [TestCase("gives back what it never had")]
    [TestCase("gives back below zero")]
    [TestCase("keeps too much")]
    [TestCase("garbage")]
    public async Task Worker_ThatSendsAMalformedFrame_IsKilledAndFaultsThatTaskOnly(string breach)
    {
        var before = GC.GetTotalAllocatedBytes();
        var crash = await Fault<WorkerCrashedException>(await ServeAround(breach));
        Assert.That(crash.InnerException, Is.TypeOf<MalformedDataException>());
        Assert.That(crash.Signal, Is.EqualTo("SIGKILL"));
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(64 << 20), "memory allocated for a length that is not believed");
    }

    [Test]
    public async Task Worker_ThatSendsAnUnreadableException_FaultsThatTaskOnly()
    {
        await Fault<Exception>(await ServeAround("no exception"));
    }

    [Test]
    public async Task Worker_ThatAnswersTwice_LosesTheNextTaskAtMost()
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, MaxAttempts = 2, Launcher = new EvilLauncher("twice") });
        Assert.That(await Result(troupe.Submit(Evil.Trigger)), Is.EqualTo(2 * Evil.Trigger));
        Assert.That(await Result(troupe.Submit(4)), Is.EqualTo(8), "by its second attempt");
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        await Dispose(troupe);
    }

    [TestCase("start")]
    [TestCase("no start")]
    public async Task Worker_ThatAnswersItsStartWithSomethingElse_BreaksTheTroupe(string breach)
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, Launcher = new EvilLauncher(breach) });
        var broken = await Fault<WorkerStartException>(troupe.Submit(1));
        Assert.That(broken.ToString(), Does.Contain("malformed frame"));
        await Dispose(troupe);
    }

    // Returns the future of the task with which the worker breaks the protocol, after all tasks around it have succeeded.
    private static async Task<TinyFuture<int>> ServeAround(string breach)
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, Launcher = new EvilLauncher(breach) });
        var before = Enumerable.Range(0, 5).Select(x => troupe.Submit(x)).ToArray();
        var task = troupe.Submit(Evil.Trigger);
        var after = Enumerable.Range(0, 5).Select(x => troupe.Submit(x)).ToArray();
        for (var x = 0; x < 5; x++) Assert.That((await Result(before[x]), await Result(after[x])), Is.EqualTo((2 * x, 2 * x)));
        await Dispose(troupe);
        return task;
    }
}
