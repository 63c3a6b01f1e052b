namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>When a worker's process dies, wherever and however, nothing hangs and nothing is lost.</summary>
internal sealed class DyingTests : TroupeFixture
{
    [TestCaseSource(nameof(All))]
    public async Task Worker_ThatDiesWhileItStarts_IsTriedThreeTimesAndBreaksTheTroupe(Death death)
    {
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            info =>
            {
                Deaths.Note(ledger);
                Deaths.Die(death);
                return (ITinyWorker<int, int>)null!;
            },
            new ProcessTroupeOptions { Workers = 1 });
        var broken = await Fault<WorkerStartException>(troupe.Submit(1));
        Assert.That(broken.Tries, Is.EqualTo(3));
        Assert.That(Deaths.Notes(ledger), Has.Length.EqualTo(3));
        if (death == Death.Exception)
        {
            Assert.That(broken.InnerException, Is.TypeOf<FormatException>());
            Assert.That(broken.ToString(), Does.Contain(nameof(Deaths) + "." + nameof(Deaths.Die)), "the remote stack trace");
        }
        else
        {
            AssertIs((WorkerCrashedException)broken.InnerException!, death);
        }

        Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());
        await Fault<WorkerStartException>(troupe.Submit(2));
        await Dispose(troupe);
    }

    [TestCaseSource(nameof(All))]
    public async Task Worker_ThatDiesIdle_IsReplacedAndNothingFaults(Death death)
    {
        var gate = File("gate");
        await using var troupe = new TinyTroupe<bool, int>(
            arm => arm ? Deaths.DieAtTheGate(death, gate) : Environment.ProcessId, new ProcessTroupeOptions { Workers = 1 });
        var first = await Result(troupe.Submit(true));
        Assert.That(troupe.Snapshot().Workers[0].ProcessId, Is.EqualTo(first));
        Open(gate);
        Within.Until(() => !ProcessTable.IsAlive(first), "the death of the idle worker");
        Assert.That(await Result(troupe.Submit(false)), Is.Not.EqualTo(first));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Faulted, Is.Zero);
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_ThatDiesIdleAfterATaskKilledTheOneBeforeIt_IsReplacedAtOnce()
    {
        await using var troupe = new TinyTroupe<int, int>(_ => Deaths.Die(Death.Sigkill), new ProcessTroupeOptions { Workers = 1 });
        await Crashed(troupe.Submit(1), Death.Sigkill);
        AssertIdleWorkerIsReplacedAtOnce(troupe.Snapshot);
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_ThatDiesIdleAfterAnInputThatCouldNotTravel_IsReplacedAtOnce()
    {
        await using var troupe = new TinyTroupe<object, int>(_ => 1, new ProcessTroupeOptions { Workers = 1 });
        await Within.Time(troupe.WhenReadyAsync());
        await Fault<NotSupportedException>(troupe.Submit(typeof(int)));
        AssertIdleWorkerIsReplacedAtOnce(troupe.Snapshot);
        await Dispose(troupe);
    }

    private static void AssertIdleWorkerIsReplacedAtOnce(Func<TroupeSnapshot> now)
    {
        Within.Until(() => now().Workers[0].ProcessId is not null, "the worker");
        var restarts = now().Workers[0].Restarts;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Deaths.Kill(now().Workers[0].ProcessId!.Value);
        Within.Until(() => now().Workers[0].ProcessId is not null && now().Workers[0].Restarts > restarts, "the next worker");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1.9)), "nobody reads from it: it is not waited for");
    }

    [Test]
    public async Task Worker_KilledIdleAMomentBeforeManyTasks_FaultsNone()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 1 });
        for (var round = 0; round < 6; round++)
        {
            // Many light tasks, which are prefetched, and then a pause.
            foreach (var warm in Enumerable.Range(0, 500).Select(x => troupe.Submit(x)).ToArray()) await Result(warm);
            var rested = System.Diagnostics.Stopwatch.StartNew();
            Within.Until(() => rested.ElapsedMilliseconds > 20, "a rest");
            Deaths.Kill(troupe.Snapshot().Workers[0].ProcessId!.Value);
            var futures = Enumerable.Range(0, 100).Select(x => troupe.Submit(x)).ToArray();
            for (var x = 0; x < futures.Length; x++) Assert.That(await Result(futures[x]), Is.EqualTo(x + 1));
        }

        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(6));
        await Dispose(troupe);
    }

    [TestCaseSource(nameof(Deadly))]
    public async Task Worker_ThatDiesWhileItReadsItsInput_FaultsThatTaskOnly(Death death)
    {
        await using var troupe = new TinyTroupe<MortalInput, int>(_ => Environment.ProcessId, new ProcessTroupeOptions { Workers = 1 });
        var before = troupe.Submit(new MortalInput(null));
        var dying = troupe.Submit(new MortalInput(death));
        var after = troupe.Submit(new MortalInput(null));
        await Crashed(dying, death);
        Assert.That(await Result(after), Is.Not.EqualTo(await Result(before)));
        await Dispose(troupe);
    }

    [TestCaseSource(nameof(EveryDeadly))]
    public async Task Worker_ThatDiesInTheUsersCode_FaultsThatTaskOnly(Death death)
    {
        await using var troupe = new TinyTroupe<bool, int>(
            dies => dies ? Deaths.Die(death) : Environment.ProcessId, new ProcessTroupeOptions { Workers = 1 });
        var before = troupe.Submit(false);
        var dying = troupe.Submit(true);
        var after = troupe.Submit(false);
        await Crashed(dying, death);
        Assert.That(await Result(after), Is.Not.EqualTo(await Result(before)));
        await Dispose(troupe);
    }

    [TestCaseSource(nameof(Deadly))]
    public async Task Worker_ThatDiesWhileItWritesItsResult_FaultsThatTaskOnly(Death death)
    {
        await using var troupe = new TinyTroupe<bool, MortalResult>(
            dies => new MortalResult(dies ? death : null), new ProcessTroupeOptions { Workers = 1 });
        var before = troupe.Submit(false);
        var dying = troupe.Submit(true);
        var after = troupe.Submit(false);
        await Crashed(dying.Then(_ => 0), death);
        await Result(before);
        await Result(after);
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_ThatThrowsAnywhereButAtItsStart_LivesAndFaultsThatTaskOnly()
    {
        await using var inputs = new TinyTroupe<MortalInput, int>(_ => Environment.ProcessId, new ProcessTroupeOptions { Workers = 1 });
        await using var code = new TinyTroupe<bool, int>(
            dies => dies ? Deaths.Die(Death.Exception) : Environment.ProcessId, new ProcessTroupeOptions { Workers = 1 });
        await using var results = new TinyTroupe<bool, MortalResult>(
            dies => new MortalResult(dies ? Death.Exception : null), new ProcessTroupeOptions { Workers = 1 });
        TinyFuture<int>[] all = [inputs.Submit(new MortalInput(Death.Exception)), code.Submit(true), results.Submit(true).Then(_ => 0)];
        foreach (var dying in all)
        {
            var fault = await Fault<Exception>(dying);
            Assert.That(fault, Is.TypeOf<FormatException>().Or.InnerException.TypeOf<FormatException>());
            Assert.That(fault.ToString(), Does.Contain(nameof(Deaths) + "." + nameof(Deaths.Die)), "the remote stack trace");
        }

        await Result(inputs.Submit(new MortalInput(null)));
        await Result(code.Submit(false));
        await Result(results.Submit(false));
        Assert.That(
            new[] { inputs.Snapshot(), code.Snapshot(), results.Snapshot() }.Select(snapshot => snapshot.Workers[0].Restarts), Is.All.Zero);
    }

    [TestCaseSource(nameof(All))]
    public async Task Worker_ThatDiesWhenItsResultIsWritten_HasSucceeded(Death death)
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x, new ProcessTroupeOptions { Workers = 1, Launcher = new EvilLauncher($"after {death}") });
        for (var x = 0; x < 4; x++)
            Assert.That(await Result(troupe.Submit(x % 2 == 0 ? Evil.Trigger : x)), Is.EqualTo(2 * (x % 2 == 0 ? Evil.Trigger : x)));
        await Dispose(troupe);
    }

    [TestCaseSource(nameof(All))]
    public async Task Task_ThatKillsEveryWorker_IsGivenUpAfterItsAttempts(Death death)
    {
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<bool, int>(
            dies =>
            {
                if (!dies) return 5;
                Deaths.Note(ledger);
                return Deaths.Die(death);
            },
            new ProcessTroupeOptions { Workers = 2, MaxAttempts = 3 });
        var dying = troupe.Submit(true);
        if (death == Death.Exception) await Fault<FormatException>(dying);
        else await Crashed(dying, death, attempts: 3);
        Assert.That(Deaths.Notes(ledger), Has.Length.EqualTo(death == Death.Exception ? 1 : 3));
        Assert.That(await Result(troupe.Submit(false)), Is.EqualTo(5));
        await Dispose(troupe);
    }

    [Test]
    public async Task Result_ForWhichThisProcessLacksTheMemory_FaultsThatTaskOnly()
    {
        var start = new System.Diagnostics.ProcessStartInfo(
            OwnProcess.DotNet, [typeof(Program).Assembly.Location, LacksMemory.Name, "1", "300000000", "2", "3"])
        {
            Environment = { [LacksMemory.Limit] = "0x8000000" },   // 128 MiB
        };
        var (code, output, errors) = await OwnProcess.RunAsync(start, Within.Deadline);
        Assert.That(
            output.Split('\n'), Is.EqualTo(new[] { "1", "WorkerCrashedException OutOfMemoryException", "2", "3", "1 restarts", "" }));
        Assert.That((code, errors), Is.EqualTo((0, "")));
    }

    [TestCaseSource(nameof(Deadly))]
    public async Task Task_ThatKillsTwoWorkers_SucceedsOnTheThird(Death death)
    {
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            x => Deaths.Note(ledger) < 3 ? Deaths.Die(death) : x, new ProcessTroupeOptions { Workers = 1, MaxAttempts = 3 });
        Assert.That(await Result(troupe.Submit(8)), Is.EqualTo(8));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(2));
        await Dispose(troupe);
    }

    [Test]
    public async Task Workers_ThatDieAgainAndAgain_ComeBackAfterGrowingPauses()
    {
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Deaths.Note(ledger);
                return Deaths.Die(Death.Sigkill);
            },
            new ProcessTroupeOptions { Workers = 1, MaxAttempts = 6 });
        await Crashed(troupe.Submit(1), Death.Sigkill, attempts: 6);
        await Dispose(troupe);
        var deaths = Deaths.Notes(ledger);
        for (var death = 2; death < 6; death++)
            Assert.That(
                deaths[death] - deaths[death - 1],
                Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(50 * Math.Pow(2, death - 2))),
                $"before death {death}");
    }
}
