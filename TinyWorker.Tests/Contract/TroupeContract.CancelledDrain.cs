namespace TinyWorker.Tests.Contract;

// The last task of a troupe is cancelled while the troupe is being disposed.
public abstract partial class TroupeContract
{
    [Test]
    public void Dispose_RacingTheCancellationOfTheLastTask_ReturnsOnlyWhenTheTaskHasEnded()
    {
        const int Rounds = 1_000;
        using var meeting = new Barrier(2);
        TinyFuture<int>? last = null;
        var canceller = Blocked(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                if (!meeting.SignalAndWait(Within.Deadline)) return;
                last!.Cancel();
                if (!meeting.SignalAndWait(Within.Deadline)) return;
            }
        });
        Within.Time(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    var input = new TinyFutureSource<int>();
                    var troupe = new TinyTroupe<int, int>(x => x, Options());
                    last = troupe.Submit(input.Future);
                    meeting.SignalAndWait(Within.Deadline);
                    troupe.Dispose();
                    var (isCompleted, now) = (last.IsCompleted, troupe.Snapshot());
                    meeting.SignalAndWait(Within.Deadline);
                    var seen = (isCompleted, now.Waiting, now.Running, now.Canceled);
                    Assert.That(seen, Is.EqualTo((true, 0, 0, 1L)), "in round " + round);
                }
            },
            "the rounds");
        Assert.That(() => canceller.IsCompletedSuccessfully, Is.True.After(30_000, 1));
    }
}
