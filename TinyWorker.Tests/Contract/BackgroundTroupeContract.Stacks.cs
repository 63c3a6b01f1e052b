namespace TinyWorker.Tests.Contract;

// A trap of the platform: with AllowSynchronousContinuations a channel runs its reader on the stack of the writer. The reader runs the code
// of the user.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [Property("Trap", "AllowSynchronousContinuations runs a reader's loop on the writer's thread")]
    public async Task Submit_ToAnIdleWorker_NeverRunsTheTaskOnTheSubmittersThread()
    {
        var troupe = new TinyTroupe<int, Thread>(_ => Thread.CurrentThread, Options());
        await Within.Time(troupe.WhenReadyAsync());
        for (var i = 0; i < 100; i++)
        {
            Within.Until(() => troupe.Snapshot().Running == 0, "the worker to be idle");
            Thread? submitter = null, worker = null;
            Within.Time(() =>
            {
                submitter = Thread.CurrentThread;
                worker = Within.Time(troupe.Submit(1));
            });
            Assert.That(worker, Is.Not.SameAs(submitter));
        }

        await End(troupe);
    }

    [Test]
    [Property("Trap", "AllowSynchronousContinuations runs a reader's loop on the writer's thread")]
    public async Task Input_Completed_NeverRunsItsDependentsOnTheCompletersThread()
    {
        var troupe = new TinyTroupe<int, Thread>(_ => Thread.CurrentThread, Options());
        for (var i = 0; i < 100; i++)
        {
            var input = new TinyFutureSource<int>();
            var dependent = troupe.Submit(input.Future);
            Thread? completer = null, worker = null;
            Within.Time(() =>
            {
                completer = Thread.CurrentThread;
                input.TrySetResult(1);
                worker = Within.Time(dependent);
            });
            Assert.That(worker, Is.Not.SameAs(completer));
        }

        await End(troupe);
    }

    [Test]
    [Property("Trap", "AllowSynchronousContinuations runs a reader's loop on the writer's thread")]
    public async Task Submitter_AdmittedWhenAWorkerTakesATask_NeverContinuesOnTheWorkersThread()
    {
        using var gate = new ManualResetEventSlim();
        var threads = new List<(Thread Thread, bool IsOfThePool)>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                lock (threads) threads.Add((Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread));
                return Pass(gate, x);
            },
            Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(0);
        Within.Until(() => troupe.Snapshot().Running == 1, "the start");
        _ = troupe.Submit(1);
        var after = SubmitAsync();
        Assert.That(after.IsCompleted, Is.False);
        gate.Set();
        var (thread, isOfThePool) = await Within.Time(after);
        await End(troupe);
        Assert.That(isOfThePool, Is.True);
        Assert.That(threads.Where(worker => !worker.IsOfThePool).Select(worker => worker.Thread), Has.None.SameAs(thread));

        async Task<(Thread Thread, bool IsOfThePool)> SubmitAsync()
        {
            await troupe.SubmitAsync(2).ConfigureAwait(false);
            return (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
        }
    }
}
