namespace TinyWorker.Tests.Contract;

// What a task left behind completes what the task awaits, on the worker's own thread, and never comes back.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Abort_WithALoopThatWentOnInsideWhatATaskLeftRunning_EndsAfterTheGrace()
    {
        using var gate = new ManualResetEventSlim();
        using var going = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                var done = new TaskCompletionSource();
                _ = StrayAsync(done, token);
                going.Set();
                await done.Task;   // goes on inside SetResult, whose caller blocks afterwards
                return x;
            },
            Options(new Settings { Clock = clock }));
        var future = troupe.Submit(1);
        Within.Wait(going, "the start");
        troupe.Abort();
        WaitForEnd(future);
        var ending = End(troupe);
        Within.Until(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return ending.IsCompleted;
            },
            "the end");
        await ending;
        Assert.That((future.Status, troupe.Snapshot().Abandoned), Is.EqualTo((TinyFutureStatus.Succeeded, 1)));
        gate.Set();

        async Task StrayAsync(TaskCompletionSource done, CancellationToken token)
        {
            var cancelled = new TaskCompletionSource();
            await using var registration = token.Register(() => cancelled.TrySetResult());
            await cancelled.Task;
            done.SetResult();
            Within.Wait(gate);
        }
    }

    [Test]
    public async Task Worker_OfATaskThatIsGivenUpAsItStarts_IsNeverCalledWithoutItsInput()
    {
        var nulls = 0;
        var troupe = new TinyTroupe<string, int>(
            input => input is null ? Interlocked.Increment(ref nulls) : 0,
            Options(new Settings { Workers = 2, Capacity = 1, Grace = TimeSpan.Zero }));
        await Within.Time(Task.WhenAll(Enumerable.Range(0, 3).Select(me => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    using var token = new CancellationTokenSource();   // a token's context lets the input drop a little later
                    var future = troupe.Submit($"{me}: {i}", token.Token);
                    while (future.Status == TinyFutureStatus.Pending) Thread.SpinWait(1);
                    future.Cancel();
                }
            },
            TaskCreationOptions.LongRunning))));
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(nulls, Is.Zero);
    }
}
