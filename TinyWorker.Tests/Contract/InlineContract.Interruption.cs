namespace TinyWorker.Tests.Contract;

public sealed partial class InlineContract
{
    [Test]
    public async Task Submit_InterruptedWhileItsTaskAwaits_ReturnsTheFutureAndKeepsTheInterruption()
    {
        var gate = new TaskCompletionSource();
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                await gate.Task;
                return x;
            },
            Options());
        TinyFuture<int>? future = null;
        var submitting = Blocked(() =>
        {
            future = troupe.Submit(1);
            Thread.Sleep(Timeout.Infinite);
        }, out var thread);
        Within.Until(() => troupe.Snapshot().Running == 1, "the task to run");
        thread.Interrupt();
        Assert.That(async () => await Within.Time(submitting), Throws.InstanceOf<ThreadInterruptedException>());
        Assert.That(future!.IsCompleted, Is.False);
        gate.SetResult();
        Assert.That(Within.Time(future), Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        await End(troupe);
    }

    [Test]
    public void Interruption_OfATask_ComesAfterTheSubmit()
    {
        using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Thread.CurrentThread.Interrupt();
                return x;
            },
            Options());
        Within.Time(() =>
        {
            Assert.That(troupe.Submit(1).Result(), Is.EqualTo(1));
            Assert.That(() => Thread.Sleep(1), Throws.InstanceOf<ThreadInterruptedException>());
        });
    }
}
