namespace TinyWorker.Tests.Contract;

// Code that a task started, and did not wait for, runs on after the worker and its thread have ended.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Continuation_OfCodeThatATaskLeftRunning_RunsOnThePoolAfterTheEnd()
    {
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<bool>? left = null;
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = ContinueLaterAsync();
                await Task.Yield();
                return x;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(left!.IsCompleted, Is.False);
        later.SetResult();
        Assert.That(await Within.Time(left), Is.True);

        async Task<bool> ContinueLaterAsync()
        {
            await later.Task;
            await Task.Yield();
            return Thread.CurrentThread.IsThreadPoolThread;
        }
    }

    [Test]
    public async Task Continuations_OfCodeThatTasksLeftRunning_AllRunWhenTheyRaceTheEnd()
    {
        const int Count = 500;
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new Task<int>[Count];
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left[x] = ContinueLaterAsync(x);
                await Task.Yield();
                return x;
            },
            Options(new Settings { Workers = 2 }));
        foreach (var future in Enumerable.Range(0, Count).Select(i => troupe.Submit(i)).ToArray()) WaitForEnd(future);
        var ending = End(troupe);
        later.SetResult();
        Assert.That(await Within.Time(Task.WhenAll(left), "the code that was left running"), Is.EqualTo(Enumerable.Range(0, Count)));
        await ending;

        async Task<int> ContinueLaterAsync(int x)
        {
            await later.Task;
            for (var i = 0; i < x % 4; i++) await Task.Yield();
            return x;
        }
    }

    [Test]
    public async Task Fault_OfCodeThatATaskLeftRunning_DisturbsNobodyAfterTheEnd()
    {
        var thrown = new FormatException();
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? left = null;
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = FailLaterAsync();
                await Task.Yield();
                return x;
            },
            Options(new Settings { Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        later.SetResult();
        Assert.That(await CaughtAsync(() => Within.Time(left!)), Is.SameAs(thrown));
        Assert.That(loggers.Exceptions, Is.Empty);

        async Task FailLaterAsync()
        {
            await later.Task;
            throw thrown;
        }
    }

    [Test]
    public async Task Submit_ByCodeThatATaskLeftRunning_IsRefusedAfterTheEnd()
    {
        var later = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? left = null;
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                left = SubmitLaterAsync();
                await Task.Yield();
                return x;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        later.SetResult();
        Assert.That(await CaughtAsync(() => Within.Time(left!)), Is.InstanceOf<ObjectDisposedException>());
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));

        async Task SubmitLaterAsync()
        {
            await later.Task;
            _ = troupe!.Submit(2);
        }
    }
}
