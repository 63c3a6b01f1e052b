namespace TinyWorker.Tests.Contract;

// A worker is abandoned at the moment when it starts its task.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Worker_OfATaskThatIsAbandonedAsItStarts_IsNeverCalledWithoutItsInput()
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
                    using var token = new CancellationTokenSource();   // with a token the work item drops its input a little later
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
