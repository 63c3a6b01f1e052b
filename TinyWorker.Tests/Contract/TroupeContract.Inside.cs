namespace TinyWorker.Tests.Contract;

// The end of a troupe, asked for by the troupe's own worker.
public abstract partial class TroupeContract
{
    [TestCase("StopAsync")]
    [TestCase("Dispose behind an await")]
    [TestCase("Dispose on another thread")]
    [SharesMemory("its own troupe")]
    public async Task End_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation(string how)
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                if (how == "Dispose behind an await") await Task.Yield();
                if (how == "StopAsync") await troupe!.StopAsync(CancellationToken.None);
                else if (how == "Dispose on another thread") await Task.Run(troupe!.Dispose);
                else troupe!.Dispose();
                return x;
            },
            Options());
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name).And.Message.Contains("Abort"));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1), "the troupe goes on");
        await End(troupe);
    }

    [Test]
    public async Task Abort_OfTheOwnTroupeInsideItsWorker_CancelsThatVeryTask()
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                troupe!.Abort();
                if (!token.WaitHandle.WaitOne(Within.Deadline)) return x;
                throw new OperationCanceledException(token);
            },
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var input = new TinyFutureSource<int>();
        var waiting = troupe.Submit(input.Future);
        var future = troupe.Submit(0);
        WaitForEnd(future);
        await End(troupe);
        Assert.That((future.Status, waiting.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
        Assert.That(() => troupe.Submit(1), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Dispose_OfTheOwnTroupeByAWorkersDisposal_IsRefusedAndLogged()
    {
        TinyTroupe<int, int>? troupe = null;
        using var loggers = new RecordingLoggers();
        troupe = new TinyTroupe<int, int>(_ => new FunctionWorker(x => x, () => troupe!.Dispose()), Options(new Settings { Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(1).And.All.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public async Task Dispose_OfTheOwnTroupeByACallbackThatItsWorkerRegistered_Ends()
    {
        TinyTroupe<int, int>? troupe = null;
        using var done = new ManualResetEventSlim();
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0)
                {
                    troupe!.Submit(1).OnCompleted(_ =>
                    {
                        troupe.Dispose();
                        done.Set();
                    });
                }

                return x;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(0)), Is.Zero);
        Within.Wait(done, "the disposal");
        await End(troupe);
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(2));
    }

    [Test]
    public async Task Dispose_OfAnotherTroupeInsideAWorker_Ends()
    {
        var other = new TinyTroupe<int, int>(x => x, Options());
        var last = other.Submit(1);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                other.Dispose();
                return last.Result() + x;
            },
            Options());
        Within.Time(() => Assert.That(troupe.Submit(1).Result(), Is.EqualTo(2)), "the task that disposes the other troupe");
        await End(troupe);
        await End(other);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Result_OfAnotherTroupeInsideAWorker_Comes(bool awaited)
    {
        var other = new TinyTroupe<int, int>(x => x * 2, Options());
        var troupe = awaited
            ? new TinyTroupe<int, int>(async x => await other.Submit(x) + 1, Options())
            : new TinyTroupe<int, int>(x => other.Submit(x).Result() + 1, Options());
        Within.Time(() => Assert.That(troupe.Submit(4).Result(), Is.EqualTo(9)), "the task that waits for the other troupe");
        await End(troupe);
        await End(other);
    }
}
