using System.Collections.Concurrent;
using System.Diagnostics;
using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Contract;

// Tasks that are prefetched: sent to a worker while it runs another one.
public sealed partial class LoopbackContract
{
    private const int Many = 4_000;

    [Test]
    public async Task Tasks_OfManySubmittersWithCancelsAtRandom_EndOnceEach([Values(1, 3)] int workers, [Values(16, 1024)] int capacity)
    {
        var ran = new int[4 * Many];
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran[x]);
                return x;
            },
            Options(new Settings { Workers = workers, Capacity = capacity }));
        var all = await SubmitByMany(troupe, future => future.Cancel(), among: 8);
        await End(troupe);
        AssertBalanced(troupe.Snapshot(), all.Length);
        for (var i = 0; i < all.Length; i++)
        {
            Assert.That(all[i].Status, Is.EqualTo(TinyFutureStatus.Succeeded).Or.EqualTo(TinyFutureStatus.Canceled));
            Assert.That(ran[i], all[i].Status == TinyFutureStatus.Succeeded ? Is.EqualTo(1) : Is.LessThanOrEqualTo(1));
            if (all[i].Status == TinyFutureStatus.Succeeded) Assert.That(all[i].Result(), Is.EqualTo(i));
        }
    }

    [Test]
    public async Task Tasks_OfManySubmittersWithRecallsAtRandom_RunOrAreRecalledAndNeverBoth([Values(1, 3)] int workers)
    {
        var ran = new int[4 * Many];
        var asked = 0;
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                Interlocked.Increment(ref ran[x]);
                if (x % 100 == 99) WaitFor(TimeSpan.FromMilliseconds(2));   // the tasks behind it come back
                if (token.IsCancellationRequested) Interlocked.Increment(ref asked);
                return x;
            },
            Options(new Settings { Workers = workers, Capacity = Many }));
        var all = await SubmitByMany(troupe, future => future.Recall(), among: 4);
        await End(troupe);
        AssertBalanced(troupe.Snapshot(), all.Length);
        Assert.That(all.Select(future => future.Status == TinyFutureStatus.Canceled), Is.EqualTo(all.Select(future => future.WasRecalled)));
        Assert.That(ran, Is.EqualTo(all.Select(future => future.WasRecalled ? 0 : 1)));
        Assert.That((asked, all.Any(future => future.WasRecalled)), Is.EqualTo((0, true)));
    }

    [Test]
    public async Task Tasks_RecalledAndCancelledAtRandom_EndOnceEach()
    {
        var ran = new int[4 * Many];
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran[x]);
                if (x % 100 == 99) WaitFor(TimeSpan.FromMilliseconds(2));
                return x;
            },
            Options(new Settings { Workers = 2, Capacity = Many }));
        var all = await SubmitByMany(
            troupe,
            future =>
            {
                future.Recall();
                future.Cancel();
            },
            among: 4);
        await End(troupe);
        AssertBalanced(troupe.Snapshot(), all.Length);
        for (var i = 0; i < all.Length; i++)
        {
            Assert.That(ran[i], all[i].Status == TinyFutureStatus.Succeeded ? Is.EqualTo(1) : Is.LessThanOrEqualTo(1));
            if (all[i].WasRecalled) Assert.That(ran[i], Is.Zero);
        }
    }

    [Test]
    public async Task SlowTask_AmongFastOnes_HoldsNothingBackThatAnotherWorkerCouldDo()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x => x == Many / 2 ? Pass(gate, x) : x, Options(new Settings { Workers = 2, Capacity = Many }));
        for (var round = 0; round < 5; round++)
        {
            gate.Reset();
            var all = Enumerable.Range(0, Many).Select(i => troupe.Submit(i)).ToArray();
            foreach (var future in all.Where((_, i) => i != Many / 2)) WaitForEnd(future);
            Assert.That(all[Many / 2].Status, Is.EqualTo(TinyFutureStatus.Running));
            gate.Set();
            WaitForEnd(all[Many / 2]);
        }

        await End(troupe);
        AssertBalanced(troupe.Snapshot(), 5 * Many);
    }

    [Test]
    public async Task OneWorker_WhoseTasksArePrefetchedAndComeBack_StartsThemInOrder()
    {
        var ran = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Enqueue(x);
                if (x % 100 == 99) WaitFor(TimeSpan.FromMilliseconds(3));   // the tasks behind it are recalled
                return x;
            },
            Options(new Settings { Capacity = Many }));
        for (var i = 0; i < Many; i++) _ = troupe.Submit(i);
        await End(troupe);
        Assert.That(ran, Is.EqualTo(Enumerable.Range(0, Many)));
    }

    [Test]
    public async Task Capacity_WithPrefetchedTasks_BoundsWhatHasNotStarted()
    {
        const int Capacity = 40;
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x < 0 ? Pass(gate, x) : x, Options(new Settings { Capacity = Capacity }));
        for (var round = 0; round < 20; round++)
        {
            gate.Reset();
            for (var i = 0; i < 200; i++) _ = troupe.Submit(i);   // fast tasks: many are prefetched
            var slow = troupe.Submit(-1);
            Within.Until(() => slow.Status == TinyFutureStatus.Running, "the start");
            var accepted = 0;
            while (troupe.TrySubmit(1, out _)) accepted++;
            Assert.That((accepted, troupe.Snapshot().Waiting), Is.EqualTo((Capacity, Capacity)));
            gate.Set();
            WaitForEnd(slow);
        }

        await End(troupe);
    }

    [Test]
    public async Task MaxTasksPerWorker_WithPrefetchedTasks_IsExceededByNone()
    {
        const int Max = 7;
        var done = new ConcurrentDictionary<int, int>();
        var next = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                var me = Interlocked.Increment(ref next);
                return new FunctionWorker(x =>
                {
                    done.AddOrUpdate(me, 1, (_, count) => count + 1);
                    return x;
                });
            },
            Options(new Settings { Workers = 2, MaxTasksPerWorker = Max }));
        var all = Enumerable.Range(0, 1_000).Select(i => troupe.Submit(i)).ToArray();
        await End(troupe);
        Assert.That(all.Select(future => future.Result()), Is.EqualTo(Enumerable.Range(0, 1_000)));
        Assert.That(done.Values, Is.All.InRange(1, Max));
        AssertBalanced(troupe.Snapshot(), 1_000);
    }

    [Test]
    public async Task RecycleWorker_WithPrefetchedTasks_RunsEachOnce([Values(1, 3)] int workers)
    {
        var ran = new int[4 * Many];
        var asked = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran[x]);
                return x;
            },
            Options(new Settings { Workers = workers, Capacity = Many }));
        var all = await SubmitByMany(
            troupe, _ => ((ITroupeControl)troupe).RecycleWorker(Interlocked.Increment(ref asked) % workers), among: 100);
        foreach (var future in all) WaitForEnd(future);
        await End(troupe);
        Assert.That(all.Select(future => future.Result()), Is.EqualTo(Enumerable.Range(0, all.Length)));
        Assert.That(ran, Is.All.EqualTo(1));
        Assert.That(troupe.Inside.Loops.Replaced, Is.InRange(1, asked));
        AssertBalanced(troupe.Snapshot(), all.Length);
    }

    [Test]
    public async Task End_InTheMiddle_EndsEveryTaskOnce([Values("Abort", "StopAsync", "Dispose")] string how)
    {
        for (var round = 0; round < 20; round++)
        {
            var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, Capacity = Many }));
            var all = Enumerable.Range(0, Many).Select(i => troupe.Submit(i)).ToArray();
            WaitForEnd(all[round * 100]);
            if (how == "Abort") troupe.Abort();
            if (how == "StopAsync") await Within.Time(troupe.StopAsync(new CancellationToken(true)));
            await End(troupe);
            Assert.That(all.All(future => future.IsCompleted), Is.True);
            if (how == "Dispose") Assert.That(all.All(future => future.Status == TinyFutureStatus.Succeeded), Is.True);
            AssertBalanced(troupe.Snapshot(), Many);
        }
    }

    [Test]
    public async Task Children_KilledAtRandom_LoseNothing([Values(1, 3)] int workers)
    {
        var options = (ProcessTroupeOptions)Options(new Settings { Workers = workers });
        var troupe = new TinyTroupe<int, int>(
            x => x,
            new ProcessTroupeOptions { Workers = workers, MaxAttempts = 1_000, Launcher = _launcher, Serializer = options.Serializer });
        using var stop = new CancellationTokenSource();
        var killing = Task.Factory.StartNew(
            () =>
            {
                var random = new Random(1);
                while (!stop.IsCancellationRequested)
                {
                    WaitFor(TimeSpan.FromMilliseconds(random.Next(1, 20)));
                    // Only children that have started: three failed starts in a row would break the troupe.
                    var started = troupe.Snapshot().Workers.Select(worker => worker.ProcessId).ToHashSet();
                    var living = _launcher.Children
                        .Where(child => !child.Exited.IsCompleted && started.Contains(child.ProcessId)).ToArray();
                    if (living.Length > 0) living[random.Next(living.Length)].Kill();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var all = await SubmitByMany(troupe, _ => { }, among: int.MaxValue);
        foreach (var future in all) WaitForEnd(future);
        await stop.CancelAsync();
        await Within.Time(killing);
        await End(troupe);
        Assert.That(all.Select(future => future.Result()), Is.EqualTo(Enumerable.Range(0, all.Length)));
        AssertBalanced(troupe.Snapshot(), all.Length);
    }

    [Test]
    public async Task Serializer_ThatThrowsForSomeInputs_FaultsThoseAlone()
    {
        var troupe = new TinyTroupe<Fussy, int>(
            x => x.Value,
            new ProcessTroupeOptions { Workers = 2, Launcher = _launcher, Serializer = static () => new FussySerializer() });
        var all = Enumerable.Range(0, Many).Select(i => troupe.Submit(new Fussy(i))).ToArray();
        await End(troupe);
        for (var i = 0; i < Many; i++)
        {
            if (i % 10 == 3) Assert.That(all[i].Exception, Is.TypeOf<FormatException>());
            else Assert.That(all[i].Result(), Is.EqualTo(i));
        }

        AssertBalanced(troupe.Snapshot(), Many);
    }

    [Test]
    public async Task Task_ThatEndsItsWorkerAfterOthersWereTakenBack_RunsOnce()
    {
        using var over = new ManualResetEventSlim();
        var ran = new int[Many];
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran[x]);
                if (x % 100 == 50)
                {
                    WaitFor(TimeSpan.FromMilliseconds(5));   // the tasks behind it are recalled, and lie unread in the connection
                    _launcher.Children.Single(child => !child.Exited.IsCompleted).Kill();
                    // As in a process that was killed: the tasks that it has read must not run.
                    Within.Wait(over, "the end of the test");
                }

                return x;
            },
            Options(new Settings { Capacity = Many }));
        var all = Enumerable.Range(0, Many).Select(i => troupe.Submit(i)).ToArray();
        foreach (var future in all) WaitForEnd(future);
        await End(troupe);
        Assert.That(ran, Is.All.EqualTo(1));
        Assert.That(
            all.Select(future => future.Exception is WorkerCrashedException),
            Is.EqualTo(Enumerable.Range(0, Many).Select(x => x % 100 == 50)));
        over.Set();
        AssertBalanced(troupe.Snapshot(), Many);
    }

    [Test]
    public async Task LargeInputs_BehindLargeResults_DoNotBlockEachOther()
    {
        const int Large = 4 << 20;
        var troupe = new TinyTroupe<byte[], byte[]>(
            bytes => new byte[bytes.Length == 1 ? Large : 1], Options(new Settings { Capacity = Many }));
        for (var round = 0; round < 10; round++)
        {
            var lengths = Enumerable.Repeat(2, 400).Concat([1, Large, 1, Large, 1, Large]);
            var all = lengths.Select(length => troupe.Submit(new byte[length])).ToArray();
            foreach (var future in all) Within.Time(future);
        }

        await End(troupe);
    }

    private static async Task<TinyFuture<int>[]> SubmitByMany(TinyTroupe<int, int> troupe, Action<TinyFuture<int>> afterwards, int among)
    {
        var all = new TinyFuture<int>[4 * Many];
        var submitting = Enumerable.Range(0, 4).Select(me => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(me);
                for (var i = me; i < all.Length; i += 4)
                {
                    all[i] = troupe.Submit(i);
                    if (random.Next(among) == 0) afterwards(all[Math.Max(me, i - (4 * random.Next(20)))]);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        await Within.Time(Task.WhenAll(submitting), "the submitters");
        return all;
    }

    private static void AssertBalanced(TroupeSnapshot now, long accepted) =>
        Assert.That(
            (now.Accepted, now.Succeeded + now.Faulted + now.Canceled, now.Waiting, now.Running), Is.EqualTo((accepted, accepted, 0, 0)));

    // Uses the processor for a while.
    private static void WaitFor(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        SpinWait.SpinUntil(() => clock.Elapsed >= time);
    }

    private sealed record Fussy(int Value);

    private sealed class FussySerializer : IPayloadSerializer
    {
        private readonly LoopbackLauncher.ByReference _inner = new();

        public void Serialize<T>(T value, System.Buffers.IBufferWriter<byte> writer)
        {
            if (value is Fussy { Value: var number } && number % 10 == 3) throw new FormatException("three");
            _inner.Serialize(value, writer);
        }

        public T Deserialize<T>(ReadOnlyMemory<byte> payload) => _inner.Deserialize<T>(payload);
    }
}
