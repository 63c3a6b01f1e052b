using System.Collections.Concurrent;
using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>While a child is being replaced.</summary>
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
        for (var i = 0; i < 50; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i + 1));
        launcher.Open();
        Within.Until(() => troupe.Snapshot().Workers.All(worker => worker.ProcessId is not null), "the replacement");
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(troupe.Snapshot(), Has.Property("Succeeded").EqualTo(50).And.Property("Faulted").Zero);
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
