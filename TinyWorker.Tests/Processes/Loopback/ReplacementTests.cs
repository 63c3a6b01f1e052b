using System.Collections.Concurrent;
using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>What happens while a child is being replaced.</summary>
public class ReplacementTests
{
    [Test]
    public async Task Tasks_WhileAWorkerIsBeingReplaced_AreForTheOthers()
    {
        var launcher = new GatedLauncher();
        var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 2, Launcher = launcher });
        await Within.Time(troupe.WhenReadyAsync());
        launcher.Close();
        launcher.Children.First().Kill();
        Within.Until(() => launcher.Waiting > 0, "the replacement to wait at the gate");
        Assert.That(
            troupe.Snapshot().Workers.Select(static worker => (worker.State, HasProcess: worker.ProcessId is not null)),
            Is.EquivalentTo([(WorkerState.Starting, false), (WorkerState.Idle, true)]));
        for (var i = 0; i < 50; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i + 1));
        launcher.Open();
        Within.Until(() => troupe.Snapshot().Workers.All(worker => worker.ProcessId is not null), "the replacement");
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(troupe.Snapshot(), Has.Property("Succeeded").EqualTo(50).And.Property("Faulted").Zero);
    }

    [Test]
    public async Task Task_ThatLostItsWorker_RunsAgainOnAnotherBeforeThatOneIsReplaced()
    {
        var launcher = new GatedLauncher();
        var runs = 0;
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (Interlocked.Increment(ref runs) > 1) return x + 1;
                var busy = troupe!.Snapshot().Workers.Single(static worker => worker.State == WorkerState.Busy).ProcessId;
                launcher.Children.Single(child => child.ProcessId == busy).Kill();
                return -1;   // nobody hears it
            },
            new ProcessTroupeOptions
            {
                Workers = 2, MaxAttempts = 2, TaskTimeout = TimeSpan.FromMinutes(5), Launcher = launcher,
                Serializer = static () => new LoopbackLauncher.ByReference(),
            });
        await Within.Time(troupe.WhenReadyAsync());
        launcher.Close();
        var future = troupe.Submit(0);
        Assert.That(Within.Time(future), Is.EqualTo(1));
        launcher.Open();
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(troupe.Snapshot(), Has.Property("Accepted").EqualTo(1).And.Property("Succeeded").EqualTo(1));
    }

    [Test]
    public async Task Task_WhileNoWorkerLives_WaitsWithoutItsClock()
    {
        var launcher = new GatedLauncher();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x + 1,
            new ProcessTroupeOptions { Workers = 1, TaskTimeout = TimeSpan.FromSeconds(1), Launcher = launcher, TimeProvider = clock });
        await Within.Time(troupe.WhenReadyAsync());
        launcher.Close();
        launcher.Children.First().Kill();
        Within.Until(() => launcher.Waiting > 0, "the replacement to wait at the gate");
        var future = troupe.Submit(1);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Pending));
        launcher.Open();
        Assert.That(Within.Time(future), Is.EqualTo(2));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Dispose_WhileTheOnlyWorkerIsBeingReplaced_DoesNotWaitForIt([Values] bool withATask)
    {
        var launcher = new GatedLauncher();
        var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });
        await Within.Time(troupe.WhenReadyAsync());
        launcher.Close();
        launcher.Children.First().Kill();
        Within.Until(() => launcher.Waiting > 0, "the replacement to wait at the gate");
        var waiting = withATask ? troupe.Submit(1) : null;
        if (withATask) Assert.That(waiting!.Status, Is.EqualTo(TinyFutureStatus.Pending), "no worker, no start");
        if (withATask) troupe.Abort();
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(waiting?.Status, Is.EqualTo(withATask ? TinyFutureStatus.Canceled : null));
    }

    [Test]
    public async Task Replacement_ThatSucceedsAtTheThirdTry_IsOne()
    {
        var launcher = new LimitedLauncher { Left = 1 };
        var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
        launcher.LeftAfterTwoRefusals = 1;
        launcher.Children.Single().Kill();
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(3));
        Assert.That(launcher.Refused, Is.EqualTo(2));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Abort_WhileAWorkerThatHeldTooMuchDoesNotLeave_KillsIt()
    {
        using var gate = new ManualResetEventSlim();
        using var leaving = new ManualResetEventSlim();
        var launcher = new LoopbackLauncher();
        var troupe = new TinyTroupe<int, int>(
            _ => new Stays(leaving, gate),
            new ProcessTroupeOptions
            {
                Workers = 1, Launcher = launcher, MaxWorkerMemory = 1, CancellationGrace = TimeSpan.FromMilliseconds(50),
            });
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Within.Wait(leaving, "the first worker's disposal");
        troupe.Abort();
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(launcher.Living, Is.Zero);
        gate.Set();
    }

    private sealed class Stays(ManualResetEventSlim leaving, ManualResetEventSlim gate) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose()
        {
            leaving.Set();
            Within.Wait(gate);
        }
    }

    /// <summary>Starts a limited number of children.</summary>
    private sealed class LimitedLauncher : IChildLauncher
    {
        private readonly LoopbackLauncher _launcher = new();
        private int _refused;

        public int Left { get; set; }

        public int LeftAfterTwoRefusals { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        public IReadOnlyCollection<ILaunchedChild> Children => _launcher.Children;

        public byte[] Describe(Delegate function, string parameterName) => _launcher.Describe(function, parameterName);

        public Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
        {
            if (Left-- > 0) return _launcher.StartAsync(start, cancellationToken);
            if (Interlocked.Increment(ref _refused) == 2) Left = LeftAfterTwoRefusals;
            throw new IOException("no more processes");
        }
    }

    private sealed class GatedLauncher : IChildLauncher
    {
        private readonly LoopbackLauncher _launcher = new();
        private TaskCompletionSource _gate = Opened();
        private int _waiting;

        public ConcurrentQueue<ILaunchedChild> Children { get; } = new();

        public int Waiting => Volatile.Read(ref _waiting);

        public void Close() => Volatile.Write(ref _gate, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

        public void Open() => _gate.SetResult();

        public byte[] Describe(Delegate function, string parameterName) => _launcher.Describe(function, parameterName);

        public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _waiting);
            await Volatile.Read(ref _gate).Task.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref _waiting);
            var child = await _launcher.StartAsync(start, cancellationToken);
            Children.Enqueue(child);
            return child;
        }

        private static TaskCompletionSource Opened()
        {
            var gate = new TaskCompletionSource();
            gate.SetResult();
            return gate;
        }
    }
}
