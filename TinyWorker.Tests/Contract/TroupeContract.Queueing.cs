namespace TinyWorker.Tests.Contract;

// Blocked and asynchronous submitters are admitted first come, first served.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Submit_AmongBlockedAndAsynchronousWaiters_IsAdmittedInTheOrderOfArrival()
    {
        const int Count = 8;
        var inputs = Enumerable.Range(0, Count + 1).Select(_ => new TinyFutureSource<int>()).ToArray();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(inputs[0].Future);
        var waiters = new Task[Count];
        for (var i = 0; i < Count; i++)
        {
            var input = inputs[i + 1].Future;
            waiters[i] = i % 2 == 0 ? Blocked(() => troupe.Submit(input)) : troupe.SubmitAsync(input).AsTask();
        }

        for (var i = 0; i < Count; i++)
        {
            Assert.That(waiters.Skip(i).Any(waiter => waiter.IsCompleted), Is.False);
            inputs[i].TrySetResult(i);
            await Within.Time(waiters[i], "waiter " + i);
            Assert.That(troupe.TrySubmit(-1, out _), Is.False, "the place is taken, and others wait");
        }

        inputs[Count].TrySetResult(Count);
        await End(troupe);
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(Count + 1));
    }

    [Test]
    public async Task Submit_AfterTheFirstOfTheQueueWasCancelled_AdmitsTheOthersInOrder()
    {
        var inputs = Enumerable.Range(0, 3).Select(_ => new TinyFutureSource<int>()).ToArray();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(inputs[0].Future);
        var first = troupe.SubmitAsync(-1, cancellation.Token).AsTask();
        var second = Blocked(() => troupe.Submit(inputs[1].Future));
        var third = troupe.SubmitAsync(inputs[2].Future).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await Within.Time(first), Throws.InstanceOf<OperationCanceledException>());
        inputs[0].TrySetResult(0);
        await Within.Time(second);
        Assert.That(third.IsCompleted, Is.False);
        inputs[1].TrySetResult(1);
        await Within.Time(third);
        inputs[2].TrySetResult(2);
        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(3));
    }
}
