using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What a worker process sends that it should not costs that worker, and nothing else.</summary>
internal sealed class EvilWorkerTests : TroupeFixture
{
    [TestCase("half a header")]
    [TestCase("half a payload")]
    [TestCase("half of a lot")]
    public async Task Worker_ThatDiesInTheMiddleOfAFrame_FaultsThatTaskOnly(string deed)
    {
        var before = GC.GetTotalAllocatedBytes();
        await Crashed(await ServeAround(deed), Death.Sigkill);
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(64 << 20), "memory taken on the word of a length");
    }

    [TestCase("length -1")]
    [TestCase("length 0")]
    [TestCase("length 2^31-1")]
    [TestCase("a number of two gigabytes")]
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
    public async Task Worker_ThatSendsAMalformedFrame_IsKilledAndFaultsThatTaskOnly(string deed)
    {
        var before = GC.GetTotalAllocatedBytes();
        var crash = await Fault<WorkerCrashedException>(await ServeAround(deed));
        Assert.That(crash.InnerException, Is.TypeOf<MalformedFrameException>());
        Assert.That(crash.Signal, Is.EqualTo("SIGKILL"));
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(64 << 20), "memory taken on the word of a length");
    }

    [Test]
    public async Task Worker_ThatSendsAnUnreadableException_FaultsThatTaskOnly()
    {
        await Fault<Exception>(await ServeAround("no exception"));
    }

    [Test]
    public async Task Worker_ThatAnswersTwice_LosesTheNextTaskAtMost()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1, MaxAttempts = 2, Launcher = new EvilLauncher("twice") });
        Assert.That(await Result(troupe.Submit(Evil.Trigger)), Is.EqualTo(2 * Evil.Trigger));
        Assert.That(await Result(troupe.Submit(4)), Is.EqualTo(8), "by its second attempt");
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        await Dispose(troupe);
    }

    [TestCase("start")]
    [TestCase("no start")]
    public async Task Worker_ThatAnswersItsStartWithSomethingElse_BreaksTheTroupe(string deed)
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = new EvilLauncher(deed) });
        var broken = await Fault<WorkerStartException>(troupe.Submit(1));
        Assert.That(broken.ToString(), Does.Contain("malformed frame"));
        await Dispose(troupe);
    }

    // The future of the task with which the evil is done, when everything around it has gone well.
    private static async Task<TinyFuture<int>> ServeAround(string deed)
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = new EvilLauncher(deed) });
        var before = Enumerable.Range(0, 5).Select(x => troupe.Submit(x)).ToArray();
        var task = troupe.Submit(Evil.Trigger);
        var after = Enumerable.Range(0, 5).Select(x => troupe.Submit(x)).ToArray();
        for (var x = 0; x < 5; x++) Assert.That((await Result(before[x]), await Result(after[x])), Is.EqualTo((2 * x, 2 * x)));
        await Dispose(troupe);
        return task;
    }
}
