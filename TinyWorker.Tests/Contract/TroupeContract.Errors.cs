using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Contract;

public abstract partial class TroupeContract
{
    [Test]
    public async Task Fault_OfATask_KeepsItsTypeAndTraceAtEveryResultAndAwait()
    {
        var thrown = new FormatException("mine");
        var troupe = new TinyTroupe<int, int>(_ => ThrowDeepInside(thrown), Options());
        var future = troupe.Submit(1);
        string? first = null;
        for (var i = 0; i < 10; i++)
        {
            var caught = i % 2 == 0 ? Caught(() => future.Result()) : await CaughtAsync(() => Within.Time(future.AsTask()));
            Assert.That(caught, IsThat(thrown));
            Assert.That(caught!.StackTrace, Does.Contain(nameof(ThrowDeepInside)));
            if (i % 2 == 0) Assert.That(caught.StackTrace, Has.Length.EqualTo((first ??= caught.StackTrace)!.Length));
            Assert.That(await CaughtAsync(async () => await future), IsThat(thrown));
        }

        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
        Assert.That(future.Exception, IsThat(thrown));
        await End(troupe);
    }

    [Test]
    public async Task Fault_AwaitedManyTimes_DoesNotGrowItsTrace()
    {
        var troupe = new TinyTroupe<int, int>(_ => ThrowDeepInside(new FormatException()), Options());
        var future = troupe.Submit(1);
        WaitForEnd(future);
        var lengths = new List<int>();
        for (var i = 0; i < 10; i++) lengths.Add((await CaughtAsync(async () => await future))!.StackTrace!.Length);
        Assert.That(lengths, Is.All.EqualTo(lengths[0]));
        await End(troupe);
    }

    [Test]
    public async Task Fault_OfOneTask_LeavesTheOthersAlone()
    {
        var troupe = new TinyTroupe<int, int>(x => x == 1 ? throw new FormatException() : x, Options());
        var futures = Enumerable.Range(0, 4).Select(i => troupe.Submit(i)).ToArray();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Where((_, i) => i != 1).Select(future => future.Result()), Is.EqualTo(new[] { 0, 2, 3 }));
        Assert.That(futures[1].Status, Is.EqualTo(TinyFutureStatus.Faulted));
        await End(troupe);
    }

    [Test]
    public async Task OperationCanceledException_ThatNobodyAskedFor_IsAFault()
    {
        var thrown = new OperationCanceledException();
        var troupe = new TinyTroupe<int, int>(_ => throw thrown, Options());
        var future = troupe.Submit(1);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
        Assert.That(future.Exception, IsThat(thrown));
        await End(troupe);
    }

    [Test]
    public async Task Exception_ThatIsReturned_IsASuccess()
    {
        var returned = new FormatException();
        var troupe = new TinyTroupe<int, Exception>(_ => returned, Options());
        var future = troupe.Submit(1);
        Assert.That(Within.Time(future), IsThat(returned));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
        Assert.That(future.Exception, Is.Null);
        await End(troupe);
    }

    [Test]
    public async Task Null_AsInputAndAsResult_IsAValueLikeAnyOther()
    {
        var troupe = new TinyTroupe<string?, string?>(x => x, Options());
        Assert.That(Within.Time(troupe.Submit((string?)null)), Is.Null);
        await End(troupe);
    }

    [Test]
    public async Task Callback_WhetherBeforeOrAfterTheEnd_IsCalledOnceOnThePool()
    {
        var input = new TinyFutureSource<int>();
        var threads = new List<Thread>();
        var onThePool = new List<bool>();
        Thread? workerThread = null;
        var workerIsOfThePool = false;
        using var called = new CountdownEvent(2);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                workerThread = Thread.CurrentThread;
                workerIsOfThePool = workerThread.IsThreadPoolThread;
                return x;
            },
            Options());
        Thread? submitter = null;
        Within.Time(() =>
        {
            submitter = Thread.CurrentThread;
            var future = troupe.Submit(input.Future);
            future.OnCompleted(Note);
            input.TrySetResult(1);
            WaitForEnd(future);
            future.OnCompleted(Note);
        });
        Assert.That(called.Wait(Within.Deadline), Is.True);
        await End(troupe);
        Assert.That(threads, Has.Count.EqualTo(2));
        Assert.That(onThePool, Is.All.True);
        Assert.That(threads, Has.None.SameAs(submitter));
        if (!workerIsOfThePool) Assert.That(threads, Has.None.SameAs(workerThread));

        void Note(TinyFuture<int> future)
        {
            lock (threads)
            {
                threads.Add(Thread.CurrentThread);
                onThePool.Add(Thread.CurrentThread.IsThreadPoolThread);
            }

            called.Signal();
        }
    }

    [Test]
    public async Task Callback_ThatThrows_DisturbsNobodyAndIsLogged()
    {
        var thrown = new FormatException("of a callback");
        var input = new TinyFutureSource<int>();
        using var called = new ManualResetEventSlim();
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Loggers = loggers }));
        var future = troupe.Submit(input.Future);
        future.OnCompleted(_ => throw thrown);
        future.OnCompleted(_ => called.Set());
        input.TrySetResult(1);
        Within.Wait(called);
        Assert.That(Within.Time(future), Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        Within.Until(() => loggers.Exceptions.Contains(thrown), "the log");
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Result_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation()
    {
        var never = new TinyFutureSource<int>();
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(x => x == 0 ? troupe!.Submit(never.Future).Result() : x, Options());
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>());
        never.TrySetResult(1);
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Await_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation()
    {
        var never = new TinyFutureSource<int>();
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(async x => x == 0 ? await troupe!.Submit(never.Future) : x, Options());
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>());
        never.TrySetResult(1);
        await End(troupe);
    }

    [TestCase(false)]
    [TestCase(true)]
    [SharesMemory("its own troupe")]
    public async Task Dispose_OfTheOwnTroupeInsideItsWorker_ThrowsInvalidOperation(bool asynchronous)
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            async x =>
            {
                if (asynchronous) await troupe!.DisposeAsync();
                else troupe!.Dispose();
                return x;
            },
            Options());
        var future = troupe.Submit(0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>());
        await End(troupe);
    }

    [Test]
    public async Task InputAndResult_OfAFinishedTask_AreCollectable()
    {
        var troupe = new TinyTroupe<byte[], byte[]>(x => [.. x], Options());
        var (input, result) = RunOne(troupe);
        Within.Until(() => IsGone(input), "the input to be collected");
        Within.Until(() => IsGone(result), "the result to be collected");
        await End(troupe);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Input, WeakReference Result) RunOne(TinyTroupe<byte[], byte[]> troupe)
    {
        var input = new byte[100];
        var future = troupe.Submit(input);
        return (new WeakReference(input), new WeakReference(Within.Time(future)));
    }

    private static bool IsGone(WeakReference reference)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return !reference.IsAlive;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ThrowDeepInside(Exception exception) => throw exception;

    private protected static Exception? Caught(Action step)
    {
        try
        {
            step();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private protected static async Task<Exception?> CaughtAsync(Func<Task> step)
    {
        try
        {
            await step();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
