namespace TinyWorker.Tests.Contract;

// Steps (Then) on the futures of a troupe.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Result_OfAStepOnAFinishedFutureOfTheOwnTroupeInsideItsWorker_IsReturned()
    {
        TinyTroupe<int, int>? troupe = null;
        TinyFuture<int>? finished = null;
        troupe = new TinyTroupe<int, int>(x => x == 0 ? 41 : finished!.Then(y => y + x).Result(), Options());
        finished = troupe.Submit(0);
        Assert.That(Within.Time(finished), Is.EqualTo(41));
        for (var i = 0; i < 200; i++) Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(42));
        await End(troupe);
    }

    [Test]
    public async Task Callback_OfAStepThatThrows_IsLoggedByTheTroupe()
    {
        using var loggers = new FakeLoggers();
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Loggers = loggers }));
        var future = troupe.Submit(input.Future);
        var step = future.Then(x => x);
        step.OnCompleted(_ => throw new FormatException("of a step"));
        step.Then(x => x).OnCompleted(_ => throw new FormatException("of the second step"));
        input.TrySetResult(1);
        WaitForEnd(step);
        step.OnCompleted(_ => throw new FormatException("of a finished step"));
        Within.Until(() => loggers.Exceptions.Count >= 3, "the log");
        string[] expected = ["of a step", "of the second step", "of a finished step"];
        Assert.That(loggers.Exceptions.Select(e => e.Message), Is.EquivalentTo(expected));
        await End(troupe);
    }
}
