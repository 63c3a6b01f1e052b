namespace TinyWorker.Tests.Contract;

// What a task started and did not wait for goes on when the worker, and its thread, are long gone.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Continuation_OfWhatATaskLeftRunning_ThatComesAfterTheEnd_GoesOnOnThePool()
    {
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>? left = null;
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = GoOnLater();
                await Task.Yield();
                return x;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(left!.IsCompleted, Is.False);
        later.SetResult();
        Assert.That(await Within.Time(left), Is.True);

        async Task<bool> GoOnLater()
        {
            await later.Task;
            await Task.Yield();
            return Thread.CurrentThread.IsThreadPoolThread;
        }
    }

    [Test]
    public async Task Continuations_OfWhatTasksLeftRunning_ThatRaceTheEnd_AllRun()
    {
        const int Count = 500;
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new Task<int>[Count];
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left[x] = GoOnLater(x);
                await Task.Yield();
                return x;
            },
            Options(new Settings { Workers = 2 }));
        foreach (var future in Enumerable.Range(0, Count).Select(i => troupe.Submit(i)).ToArray()) WaitForEnd(future);
        var ending = End(troupe);
        later.SetResult();
        Assert.That(await Within.Time(Task.WhenAll(left), "what was left running"), Is.EqualTo(Enumerable.Range(0, Count)));
        await ending;

        async Task<int> GoOnLater(int x)
        {
            await later.Task;
            for (var i = 0; i < x % 4; i++) await Task.Yield();
            return x;
        }
    }

    [Test]
    public async Task Fault_OfWhatATaskLeftRunning_ThatComesAfterTheEnd_DisturbsNobody()
    {
        var thrown = new FormatException();
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? left = null;
        using var loggers = new RecordingLoggers();
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = FailLater();
                await Task.Yield();
                return x;
            },
            Options(new Settings { Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        later.SetResult();
        Assert.That(await CaughtAsync(() => Within.Time(left!)), Is.SameAs(thrown));
        Assert.That(loggers.Exceptions, Is.Empty);

        async Task FailLater()
        {
            await later.Task;
            throw thrown;
        }
    }

    [Test]
    public async Task Submit_ByWhatATaskLeftRunning_ThatComesAfterTheEnd_IsRefused()
    {
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? left = null;
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = SubmitLater();
                await Task.Yield();
                return x;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        later.SetResult();
        Assert.That(await CaughtAsync(() => Within.Time(left!)), Is.InstanceOf<ObjectDisposedException>());
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));

        async Task SubmitLater()
        {
            await later.Task;
            _ = troupe!.Submit(2);
        }
    }
}
