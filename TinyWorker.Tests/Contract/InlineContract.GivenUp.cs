namespace TinyWorker.Tests.Contract;

// An inline task that hangs in what it awaits hangs its submitter no longer than until its worker is given up.
public sealed partial class InlineContract
{
    [Test]
    public async Task Worker_GivenUp_GivesTheSubmitterItsThreadBackAndIsReplaced()
    {
        var never = new TaskCompletionSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x => x == 0 ? never.Task : Task.FromResult(x),
            Options(new Settings { TaskTimeout = TimeSpan.FromMilliseconds(50), Grace = TimeSpan.FromMilliseconds(50) }));
        TinyFuture<int>? hung = null;
        Within.Time(() => hung = troupe.Submit(0), "the submission");
        Assert.That(() => Within.Time(hung!), Throws.TypeOf<TimeoutException>());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(1));
        await End(troupe);
        never.SetResult(0);   // what was given up ends by itself
    }
}
