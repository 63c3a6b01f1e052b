namespace TinyWorker.Tests.Contract;

// Where an inline task runs, and what its Submit waits for.
public sealed partial class InlineContract
{
    [Test]
    public async Task Submit_ByMoreThreadsThanWorkers_NeverHangs()
    {
        const int Rounds = 25;
        const int Count = 2_000;
        for (var round = 0; round < Rounds; round++)
        {
            var troupe = new TinyTroupe<int, int>(
                x =>
                {
                    Thread.SpinWait(200);
                    if (x % 7 == 0) Thread.Yield();
                    return x;
                },
                Options(new Settings { Workers = 2 }));
            var submitters = Enumerable.Range(0, 3).Select(me => Task.Factory.StartNew(
                () =>
                {
                    for (var i = 0; i < Count; i++) _ = troupe.Submit(i);
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            await Within.Time(Task.WhenAll(submitters), "the submitters: " + troupe);
            await End(troupe);
            Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(3 * Count));
        }
    }

    [Test]
    public async Task Submit_WhileEveryWorkerRunsATask_ReturnsAndLeavesItsTaskToTheNextFreeWorker()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(gate);
                return x;
            },
            Options(new Settings { Workers = 2 }));
        Task[] busy = [Blocked(() => _ = troupe.Submit(0)), Blocked(() => _ = troupe.Submit(1))];
        Within.Until(() => troupe.Snapshot().Running == 2, "both workers to be busy");
        TinyFuture<int>? third = null;
        Within.Time(() => third = troupe.Submit(2), "the third submission");
        Assert.That((third!.Status, troupe.Snapshot().Running), Is.EqualTo((TinyFutureStatus.Pending, 2)));
        gate.Set();
        Assert.That(Within.Time(third), Is.EqualTo(2));
        await Within.Time(Task.WhenAll(busy), "the other submissions");
        await End(troupe);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Token_OfASubmitFiredWhileItsTaskRunsInside_StopsTheTask(bool asynchronous)
    {
        using var cancellation = new CancellationTokenSource();
        using var started = new ManualResetEventSlim();
        var troupe = asynchronous
            ? new TinyTroupe<int, int>(
                async (x, token) =>
                {
                    started.Set();
                    await Task.Delay(Timeout.InfiniteTimeSpan, token);
                    return x;
                },
                Options())
            : new TinyTroupe<int, int>(
                (_, token) =>
                {
                    started.Set();
                    if (!token.WaitHandle.WaitOne(Within.Deadline)) throw new AssertionException("the token never fired");
                    throw new OperationCanceledException(token);
                },
                Options());
        TinyFuture<int>? future = null;
        var submitting = Blocked(() => future = troupe.Submit(0, cancellation.Token));
        Within.Wait(started, "the start");
        await cancellation.CancelAsync();
        await Within.Time(submitting, "the submission");
        Assert.That(future!.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
    }

    [Test]
    public async Task Submit_WhileAnotherThreadsTaskBlocksAfterASubmissionOfItsOwn_RunsItsTask()
    {
        using var gate = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                _ = troupe!.Submit(1);
                inside.Set();
                Within.Wait(gate);
                return x;
            },
            Options(new Settings { Workers = 3 }));
        var first = Blocked(() => _ = troupe.Submit(0));
        Within.Wait(inside, "the first task");
        TinyFuture<int>? second = null;
        Within.Time(() => second = troupe.Submit(2), "the second submission");
        var status = second!.Status;
        gate.Set();
        await Within.Time(first, "the first submission");
        await End(troupe);
        Assert.That(status, Is.EqualTo(TinyFutureStatus.Succeeded));
    }

    // An inline task that hangs in an await holds the thread of its submitter only until its worker is abandoned.
    [Test]
    public async Task Worker_Abandoned_ReleasesTheSubmittersThreadAndIsReplaced()
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
        never.SetResult(0);   // the abandoned code ends by itself
    }
}
