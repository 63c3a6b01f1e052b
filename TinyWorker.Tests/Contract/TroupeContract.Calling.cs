using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Contract;

// CallAsync, and functions that return a ValueTask.
public abstract partial class TroupeContract
{
    [Test]
    public async Task CallAsync_OfATask_GivesItsResultOrItsOwnException()
    {
        var troupe = new TinyTroupe<int, int>(x => x > 0 ? x + 1 : throw new FormatException("below"), Options());
        Assert.That(await Within.Time(troupe.CallAsync(1).AsTask()), Is.EqualTo(2));
        Assert.That(
            () => Within.Time(troupe.CallAsync(0).AsTask()), Throws.TypeOf<FormatException>().With.Message.EqualTo("below"));
        await End(troupe);
        Assert.That(() => Within.Time(troupe.CallAsync(1).AsTask()), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task CallAsync_WhoseTokenFiresBeforeTheTaskIsAccepted_AcceptsNothing()
    {
        using var source = new CancellationTokenSource();
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        var takesThePlace = troupe.Submit(input.Future);
        var waits = troupe.CallAsync(1, source.Token).AsTask();
        Assert.That(waits.IsCompleted, Is.False);
        await source.CancelAsync();
        Assert.That(() => Within.Time(waits), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => Within.Time(troupe.CallAsync(1, source.Token).AsTask()), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => troupe.TrySubmit(1, out _, source.Token), Throws.InstanceOf<OperationCanceledException>());
        input.TrySetResult(5);
        Assert.That(Within.Time(takesThePlace), Is.EqualTo(5));
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task CallAsync_ThatNobodyAwaits_RaisesItsFault([Values("of the task", "of a stopped troupe")] string whose)
    {
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers: null);
        var fault = NewName();
        if (whose == "of a stopped troupe")
        {
            await End(troupe);
            fault = (await CaughtAsync(() => troupe.CallAsync(fault).AsTask()))!.Message;
        }

        Drop(troupe, fault);
        Within.Until(
            () =>
            {
                Collect();
                return raised.CountOf(fault) == 1;
            },
            "the event");
        if (whose == "of the task") await End(troupe);

        [MethodImpl(MethodImplOptions.NoInlining)]
#pragma warning disable CA2012 // Not to await it is what is tested.
        static void Drop(TinyTroupe<string, int> troupe, string fault) => _ = troupe.CallAsync(fault);
#pragma warning restore CA2012
    }

    [Test]
    public async Task CallAsync_WhoseFaultIsAwaited_RaisesNothing()
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers);
        var (seen, unseen) = (NewName(), NewName());
        Assert.That(await CaughtAsync(async () => await troupe.CallAsync(seen)), Is.InstanceOf<FormatException>());
        Forget(troupe, unseen);
        await UntilTold(loggers, raised, unseen);
        await End(troupe);
        Assert.That((Logged(loggers, seen), raised.CountOf(seen)), Is.EqualTo((0, 0)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget(TinyTroupe<string, int> troupe, string fault) => WaitForEnd(troupe.Submit(fault));
    }

    [Test]
    public async Task Function_ThatReturnsAValueTask_IsAwaited()
    {
        var troupe = new TinyTroupe<int, int>(HalfAsync, Options());
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(2));
        Assert.That(() => Within.Time(troupe.Submit(3)), Throws.TypeOf<FormatException>());
        await End(troupe);
    }

    private static async ValueTask<int> HalfAsync(int x, CancellationToken token)
    {
        await Task.Yield();
        return x % 2 == 0 && token.CanBeCanceled ? x / 2 : throw new FormatException("odd");
    }
}
