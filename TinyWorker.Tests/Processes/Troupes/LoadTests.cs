using System.Collections.Concurrent;
using System.Globalization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Troupes whose workers are killed from outside, under load and while they are stopped.</summary>
internal sealed class LoadTests : TroupeFixture
{
    [TestCase(8)]
    [TestCase(100, Category = LongTests.Category)]
    public async Task Workers_KilledManyTimes_LeaveNothing(int count)
    {
        count *= LongTests.LeakFactor;
        await KillMany(8);   // what is made only once in a process
        var handles = ProcessTable.OpenHandles();
        await KillMany(count);
        Assert.That(ProcessTable.Zombies(), Is.Empty);
        Assert.That(ProcessTable.Children(), Is.Empty);
        // One that is left for each kill would show. A few may have come from elsewhere: a thread of the pool, a file of the runtime.
        Within.Until(() => ProcessTable.OpenHandles() <= handles + (count / 2), "the handles to be closed");
        Threads.AreGone("TinyWorker:");
    }

    [Test]
    public async Task Workers_KilledAtRandomUnderLoad_EndEveryTaskRight()
    {
        const int LeastTasks = 4000;
        const int LeastKills = 5;
        await using var troupe = new TinyTroupe<int, long>(
            static x =>
            {
                Thread.SpinWait(x % 64 == 0 ? 200_000 : 2_000);
                return (long)x * x;
            },
            new ProcessTroupeOptions { Workers = 4, MaxAttempts = 3 });
        await Within.Time(troupe.WhenReadyAsync());
        var ended = new ConcurrentDictionary<int, int>();
        using var stop = new CancellationTokenSource();
        var kills = 0;
        var killer = Task.Run(() =>
        {
            var random = new Random(17);
            long[] doneAtKill = [-1, -1, -1, -1];
            while (!stop.IsCancellationRequested && kills < 25)
            {
                // Only a worker that has ended a task since its last kill: otherwise one task could lose all its attempts by chance.
                var index = random.Next(4);
                var worker = troupe.Snapshot().Workers[index];
                if (worker.ProcessId is not { } victim || worker.TasksDone <= doneAtKill[index]) continue;
                doneAtKill[index] = worker.TasksDone;
                var progress = ended.Count;
                Deaths.Kill(victim);
                kills++;
                SpinWait.SpinUntil(() => stop.IsCancellationRequested || ended.Count > progress + 100, Within.Deadline);
            }
        });
        List<TinyFuture<long>> futures = [];
        await Within.Time(Task.Run(() =>
        {
            // So many tasks, and more where the killer gets little time beside them.
            for (var x = 0; x < LeastTasks || Volatile.Read(ref kills) <= LeastKills; x++)
            {
                var task = x;
                futures.Add(troupe.Submit(x));
                futures[x].OnCompleted(_ => ended.AddOrUpdate(task, 1, static (_, count) => count + 1));
            }
        }));
        for (var x = 0; x < futures.Count; x++) Assert.That(await Result(futures[x]), Is.EqualTo((long)x * x));
        await stop.CancelAsync();
        await Within.Time(killer);
        await Dispose(troupe);
        Within.Until(() => ended.Count == futures.Count, "every callback");
        Assert.That(ended.Values, Is.All.EqualTo(1));
        var snapshot = troupe.Snapshot();
        TestContext.Out.WriteLine($"{kills} kills; {troupe}");
        Assert.That(kills, Is.GreaterThan(LeastKills));
        Assert.That(
            (snapshot.Accepted, snapshot.Succeeded, snapshot.Faulted, snapshot.Canceled, snapshot.Waiting, snapshot.Running),
            Is.EqualTo((futures.Count, futures.Count, 0, 0, 0, 0)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Worker_ThatIgnoresItsToken_IsKilledWithItsChildrenAfterTheGrace(bool isTimeout)
    {
        var file = File("grandchild");
        await using var troupe = new TinyTroupe<bool, int>(
            hangs => hangs ? Deaths.HangWithAChild(file) : 7,
            new ProcessTroupeOptions
            {
                Workers = 1, CancellationGrace = TimeSpan.FromMilliseconds(100),
                TaskTimeout = isTimeout ? TimeSpan.FromSeconds(2) : null,
            });
        await Within.Time(troupe.WhenReadyAsync());
        var child = troupe.Snapshot().Workers[0].ProcessId!.Value;
        var hung = troupe.Submit(true);
        var next = troupe.Submit(false);
        Within.Until(() => System.IO.File.Exists(file), "the child's own child");
        var grandchild = int.Parse(await System.IO.File.ReadAllTextAsync(file), CultureInfo.InvariantCulture);
        if (isTimeout)
        {
            await Fault<TimeoutException>(hung);
        }
        else
        {
            Assert.That(hung.Cancel());
            Within.Until(() => hung.IsCompleted, "the end of the cancelled task");
            Assert.That(hung.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        }

        Assert.That(await Result(next), Is.EqualTo(7));
        Within.Until(() => !ProcessTable.IsAlive(child) && !ProcessTable.IsAlive(grandchild), "the end of both");
        Assert.That(troupe.Snapshot().Abandoned, Is.Zero, "a process is ended, not abandoned");
        await Dispose(troupe);
    }

    [Test]
    public async Task Abort_OfWorkersThatIgnoreTheirTokens_KillsThemWithTheirChildren()
    {
        var file = File("grandchild");
        await using var troupe = new TinyTroupe<int, int>(
            _ => Deaths.HangWithAChild(file), new ProcessTroupeOptions { Workers = 1, CancellationGrace = TimeSpan.FromMilliseconds(100) });
        var hung = troupe.Submit(1);
        Within.Until(() => System.IO.File.Exists(file), "the child's own child");
        var grandchild = int.Parse(await System.IO.File.ReadAllTextAsync(file), CultureInfo.InvariantCulture);
        troupe.Abort();
        await Dispose(troupe);
        Assert.That(hung.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Within.Until(() => !ProcessTable.IsAlive(grandchild), "the end of the child's own child");
    }

    [Test]
    public async Task Task_ThatObeysItsToken_IsCancelledAndKeepsItsWorker()
    {
        var running = File("running");
        await using var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                if (x == 0) return Environment.ProcessId;
                await System.IO.File.WriteAllTextAsync(running, "", CancellationToken.None);
                await Task.Delay(Timeout.Infinite, token);
                return x;
            },
            // On a core that many share it obeys after seconds.
            new ProcessTroupeOptions { Workers = 1, CancellationGrace = Within.Deadline });
        var process = await Result(troupe.Submit(0));
        var waits = troupe.Submit(1);
        Within.Until(() => System.IO.File.Exists(running), "the task to run");
        Assert.That(waits.Cancel());
        Within.Until(() => waits.IsCompleted, "the end of the cancelled task");
        Assert.That(waits.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(await Result(troupe.Submit(0)), Is.EqualTo(process));
        await Dispose(troupe);
    }

    [Test]
    public async Task Abort_WhileMuchGoesToAWorkerThatTakesNothing_IsPrompt()
    {
        await using var troupe = new TinyTroupe<byte[], int>(
            bytes => bytes.Length, new ProcessTroupeOptions { Workers = 1, CancellationGrace = TimeSpan.FromMilliseconds(100) });
        await Within.Time(troupe.WhenReadyAsync());
        Deaths.Stop(troupe.Snapshot().Workers[0].ProcessId!.Value);
        var transfer = troupe.Submit(new byte[50 << 20]);
        Within.Until(() => transfer.Status == TinyFutureStatus.Running, "the task to run");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        troupe.Abort();
        await Dispose(troupe);
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(transfer.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Dispose_WhileMuchIsOnItsWayThereAndBack_EndsTheTasksFirst()
    {
        await using var troupe = new TinyTroupe<byte[], byte[]>(bytes => bytes, new ProcessTroupeOptions { Workers = 1 });
        var transfers = Enumerable.Range(0, 3).Select(_ => troupe.Submit(new byte[50 << 20])).ToArray();
        await Dispose(troupe);
        foreach (var transfer in transfers) Assert.That((await Result(transfer)).Length, Is.EqualTo(50 << 20));
    }

    [Test]
    public async Task Abort_AtAnyMomentOfAReplacement_LeavesNothing()
    {
        for (var moment = 0; moment < 8; moment++)
        {
            await using var troupe = new TinyTroupe<bool, int>(
                dies => dies ? Deaths.Die(Death.Sigkill) : 1, new ProcessTroupeOptions { Workers = 2, MaxAttempts = 1 + (moment % 2) });
            if (moment > 0) await Result(troupe.Submit(false));
            var dying = troupe.Submit(true);
            var waited = System.Diagnostics.Stopwatch.StartNew();
            Within.Until(() => waited.ElapsedMilliseconds >= moment * 15, "a moment");
            troupe.Abort();
            await Dispose(troupe);
            Assert.That(dying.IsCompleted);
            Assert.That(ProcessTable.Children(), Is.Empty, $"in round {moment}");
        }
    }

    [Test]
    public async Task Abort_OfAWorkerThatHangsInItsDisposal_KillsIt()
    {
        var file = File("grandchild");
        await using var troupe = new TinyTroupe<int, int>(
            _ => new HangsInItsDisposal(file),
            new ProcessTroupeOptions { Workers = 1, CancellationGrace = TimeSpan.FromMilliseconds(100) });
        var process = await Result(troupe.Submit(1));
        var disposal = troupe.DisposeAsync().AsTask();
        Within.Until(() => System.IO.File.Exists(file), "the disposal of the worker");
        troupe.Abort();
        await Within.Time(disposal, "the disposal of the troupe");
        Assert.That(ProcessTable.IsAlive(process), Is.False);
    }

    [Test]
    public async Task Parent_KilledWithSigkill_LeavesNoWorkerASecondLater()
    {
        await using var parent = await Child.StartAsync(Families.RunATroupe);
        var workers = (await parent.Told()).Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray();
        Assert.That(workers, Has.Length.EqualTo(2));
        Assert.That(workers, Is.All.Matches<int>(ProcessTable.IsAlive));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Deaths.Kill(parent.Process.ProcessId);
        Within.Until(() => !Array.Exists(workers, ProcessTable.IsAlive), "the end of the workers");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    private sealed class HangsInItsDisposal(string file) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => Environment.ProcessId;

        public void Dispose() => Deaths.HangWithAChild(file);
    }

    // Every other task kills its worker. The tasks between them keep the pauses short.
    private static async Task KillMany(int count)
    {
        await using var troupe = new TinyTroupe<int, int>(
            x => x % 2 == 0 ? x : Deaths.Die(Death.Sigkill), new ProcessTroupeOptions { Workers = 4 });
        var futures = Enumerable.Range(0, 2 * count).Select(x => troupe.Submit(x)).ToArray();
        await Within.Time(
            Task.WhenAll(futures.Select(future => ((Task)future.AsTask()).ContinueWith(static _ => { }, TaskScheduler.Default))),
            "the end of all",
            TimeSpan.FromMinutes(5));
        for (var x = 0; x < futures.Length; x++)
            Assert.That(
                futures[x].Status,
                Is.EqualTo(x % 2 == 0 ? TinyFutureStatus.Succeeded : TinyFutureStatus.Faulted),
                futures[x].ToString() + futures[x].Exception);
        await Dispose(troupe);
    }
}
