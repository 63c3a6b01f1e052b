namespace TinyWorker.Tests.Contract;

// What a worker may do with its own troupe, and with another one.
public abstract partial class TroupeContract
{
    [TestCase("StopAsync")]
    [TestCase("Dispose after an await")]
    [TestCase("Dispose on another thread")]
    [SharesMemory("its own troupe")]
    public async Task End_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation(string how)
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                if (how == "Dispose after an await") await Task.Yield();
                if (how == "StopAsync") await troupe!.StopAsync(CancellationToken.None);
                else if (how == "Dispose on another thread") await Task.Run(troupe!.Dispose);
                else troupe!.Dispose();
                return x;
            },
            Options());
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(
            future.Exception,
            Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name).And.Message.Contains("Abort"));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1), "the troupe can be used further");
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task WhenEach_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation()
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                if (x > 0) return x;
                var sum = 0;
                await foreach (var next in TinyFuture.WhenEach([TinyFuture.FromResult(5), troupe!.Submit(1), troupe.Submit(2)]))
                {
                    sum += next.Result();
                    if (x == 0 && sum == 5) break;   // a future that has ended may be read
                }

                return sum;
            },
            Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 0)), Is.EqualTo(5));
        var future = SubmitElsewhere(troupe, -1);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task WhenEach_InsideAWorkerOfFuturesThatAreNotAllOfItsTroupe_Waits()
    {
        var source = new TinyFutureSource<int>();
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                await using var each = TinyFuture.WhenEach([troupe!.Submit(1), source.Future]).GetAsyncEnumerator();
                var next = each.MoveNextAsync();
                source.TrySetResult(7);
                return await next ? each.Current.Result() : x;
            },
            Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 0)), Is.EqualTo(7));
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Loop_ThatAWorkersConstructionLeftRunning_IsOutsideTheWorker()
    {
        TinyTroupe<int, int>? troupe = null;
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>? loop = null;
        troupe = new TinyTroupe<int, int>(
            _ =>
            {
                loop = SubmitLaterAsync();
                return new FunctionWorker(x => x);
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1), "the worker is made");
        goOn.SetResult();
        Assert.That(await Within.Time(loop!), Is.EqualTo(2));
        await End(troupe);

        async Task<int> SubmitLaterAsync()
        {
            await goOn.Task.ConfigureAwait(false);
            return await troupe!.Submit(2).ConfigureAwait(false);
        }
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Loop_ThatATaskLeftRunning_IsOutsideOnceItsWorkerHasEnded()
    {
        TinyTroupe<int, int>? troupe = null;
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int>? loop = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 1) loop = SubmitLaterAsync();
                return x;
            },
            Options(new Settings { MaxTasksPerWorker = 1 }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2), "the next worker runs it");
        goOn.SetResult();
        Assert.That(await Within.Time(loop!), Is.EqualTo(3));
        await End(troupe);

        async Task<int> SubmitLaterAsync()
        {
            await goOn.Task.ConfigureAwait(false);
            return await troupe!.Submit(3).ConfigureAwait(false);
        }
    }

    [Test]
    public async Task Abort_OfTheOwnTroupeInsideItsWorker_CancelsTheTaskThatAborts()
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
        using var loggers = new FakeLoggers();
        troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(x => x, () => troupe!.Dispose()), Options(new Settings { Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => End(troupe));
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
    public async Task Result_OfAnotherTroupeInsideAWorker_IsReturned(bool awaited)
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
