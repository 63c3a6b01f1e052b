using Nito.AsyncEx;

namespace TinyWorker.Tests.Futures;

internal sealed class FutureTests
{
    [Test]
    public void Result_OfANullResult_IsNull()
    {
        var source = new TinyFutureSource<string?>();
        var blocked = Task.Run(() => source.Future.Result());
        source.TrySetResult(null);

        Within.Time(() => Assert.That(source.Future.Result(), Is.Null));
        Assert.That(source.Future.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
        Assert.That(async () => await Within.Time(blocked), Is.Null);
        Assert.That(TinyFuture.FromResult<string?>(null).Result(), Is.Null);
    }

    [Test]
    public void Result_OfAnExceptionObject_IsASuccess()
    {
        var oops = new InvalidOperationException("a value");

        var future = TinyFuture.FromResult<Exception>(oops);

        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
        Assert.That(future.Result(), Is.SameAs(oops));
        Assert.That(future.Exception, Is.Null);
    }

    [Test]
    public void Source_SetTwice_KeepsTheFirst()
    {
        var source = new TinyFutureSource<int>();

        Assert.That(source.TrySetResult(1), Is.True);
        Assert.That(source.TrySetResult(2), Is.False);
        Assert.That(source.TrySetException(new InvalidOperationException()), Is.False);
        Assert.That(source.TrySetCanceled(), Is.False);
        Assert.That(source.Future.Cancel(), Is.False);
        Assert.That(source.Future.Result(), Is.EqualTo(1));
    }

    [Test]
    public void Source_SetCanceledWithAToken_CarriesTheToken()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        var source = new TinyFutureSource<int>();

        source.TrySetCanceled(cancel.Token);

        var thrown = Assert.Catch<OperationCanceledException>(() => source.Future.Result());
        Assert.That(thrown!.CancellationToken, Is.EqualTo(cancel.Token));
        Assert.That(source.Future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(source.Future.Exception, Is.Null);
        Assert.That(source.Future.AsTask().IsCanceled, Is.True);
    }

    [Test]
    public void Source_GivenNoException_IsRefused() =>
        Assert.That(() => new TinyFutureSource<int>().TrySetException(null!), Throws.ArgumentNullException);

    [Test]
    public void Result_WithATimeout_ThrowsAndLeavesTheFuturePending()
    {
        var source = new TinyFutureSource<int>();

        Assert.That(() => source.Future.Result(TimeSpan.FromMilliseconds(5)), Throws.TypeOf<TimeoutException>());
        Assert.That(source.Future.Status, Is.EqualTo(TinyFutureStatus.Pending));
        source.TrySetResult(7);
        Assert.That(source.Future.Result(TimeSpan.Zero), Is.EqualTo(7));
    }

    [Test]
    public void Result_WithANegativeTimeout_IsRefused()
    {
        var future = new TinyFutureSource<int>().Future;

        Assert.That(() => future.Result(TimeSpan.FromSeconds(-2)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Result_WithAnInfiniteTimeout_Waits()
    {
        var source = new TinyFutureSource<int>();
        using var set = new Timer(_ => source.TrySetResult(3), null, 20, Timeout.Infinite);

        Within.Time(() => Assert.That(source.Future.Result(Timeout.InfiniteTimeSpan), Is.EqualTo(3)));
    }

    [Test]
    public void Result_ItsTokenCancelledWhileBlocked_ThrowsAndLeavesTheFuturePending()
    {
        var source = new TinyFutureSource<int>();
        using var cancel = new CancellationTokenSource(20);

        Within.Time(() =>
        {
            var thrown = Assert.Catch<OperationCanceledException>(() => source.Future.Result(cancel.Token));
            Assert.That(thrown!.CancellationToken, Is.EqualTo(cancel.Token));
        });
        Assert.That(source.Future.Status, Is.EqualTo(TinyFutureStatus.Pending));
    }

    [Test]
    public void Result_OfACompletedFutureWithACancelledToken_IsTheResult() =>
        Assert.That(TinyFuture.FromResult(4).Result(new CancellationToken(canceled: true)), Is.EqualTo(4));

    [Test]
    public async Task Failure_SeenAHundredTimes_IsOneObjectWhoseTraceDoesNotGrow()
    {
        var source = new TinyFutureSource<int>();
        source.TrySetException(Thrown());
        var future = source.Future;
        var lengths = new List<int[]>();
        for (var i = 0; i < 100; i++)
        {
            var round = new List<int>();
            foreach (var way in new Func<Task>[] { Block, Await, AsTask })
            {
                var seen = await Catch(way);
                Assert.That(seen, Is.SameAs(future.Exception));
                Assert.That(seen.StackTrace, Does.Contain(nameof(ThrowDeepInside)), "the place of the first throw");
                round.Add(seen.StackTrace!.Length);
            }

            lengths.Add([.. round]);
        }

        Assert.That(lengths[^1], Is.EqualTo(lengths[1]));

        Task Block()
        {
            future.Result();
            return Task.CompletedTask;
        }

        async Task Await() => await future;

        async Task AsTask() => await future.AsTask();
    }

    [Test]
    public void Failure_PassedDownAChain_IsTheSameObject()
    {
        var oops = Thrown();
        var source = new TinyFutureSource<int>();
        var end = source.Future.Then(x => x + 1).Then(x => x + 1).Then(x => x.ToString(System.Globalization.CultureInfo.InvariantCulture));

        source.TrySetException(oops);

        Assert.That(() => Within.Time(end), Throws.Exception.SameAs(oops));
    }

    [Test]
    public async Task AsTask_OfEachEnding_EndsTheSameWay()
    {
        var oops = new InvalidOperationException("oops");
        var succeeds = new TinyFutureSource<int>();
        var faults = new TinyFutureSource<int>();
        var cancels = new TinyFutureSource<int>();
        Task<int> success = succeeds.Future.AsTask(), fault = faults.Future.AsTask(), cancellation = cancels.Future.AsTask();

        succeeds.TrySetResult(5);
        faults.TrySetException(oops);
        cancels.Future.Cancel();

        Assert.That(await Within.Time(success), Is.EqualTo(5));
        Assert.That(await Catch(() => Within.Time(fault)), Is.SameAs(oops));
        Assert.That(await Catch(() => Within.Time(cancellation)), Is.InstanceOf<OperationCanceledException>());
        Assert.That(cancellation.IsCanceled, Is.True);
    }

    [Test]
    public async Task FromTask_OfEachEnding_EndsTheSameWay()
    {
        var oops = new InvalidOperationException("oops");
        TaskCompletionSource<int> succeeds = new(), faults = new(), cancels = new();
        var success = TinyFuture.FromTask(succeeds.Task);
        var fault = TinyFuture.FromTask(faults.Task);
        var cancellation = TinyFuture.FromTask(cancels.Task);
        Assert.That(success.Status, Is.EqualTo(TinyFutureStatus.Pending));

        succeeds.SetResult(5);
        faults.SetException(oops);
        cancels.SetCanceled();

        Assert.That(await Within.Time(success.AsTask()), Is.EqualTo(5));
        Assert.That(await Catch(() => Within.Time(fault.AsTask())), Is.SameAs(oops));
        Assert.That(await Catch(() => Within.Time(cancellation.AsTask())), Is.InstanceOf<OperationCanceledException>());
        Assert.That(cancellation.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(TinyFuture.FromTask(Task.FromResult(6)).Result(), Is.EqualTo(6));
    }

    [Test]
    public void OnCompleted_WhateverTheEnding_IsCalledOnceOnThePool()
    {
        var source = new TinyFutureSource<int>();
        var calls = 0;
        var onPool = false;
        using var called = new ManualResetEventSlim();
        source.Future.OnCompleted(future =>
        {
            onPool = Thread.CurrentThread.IsThreadPoolThread && ReferenceEquals(future, source.Future);
            Interlocked.Increment(ref calls);
            called.Set();
        });

        source.Future.Cancel();

        Within.Wait(called);
        source.TrySetResult(1);
        Assert.That(onPool, Is.True);
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public void OnCompleted_ACallbackThatThrows_LeavesTheFutureAndOtherCallbacksAlone()
    {
        var source = new TinyFutureSource<int>();
        using var called = new ManualResetEventSlim();
        source.Future.OnCompleted(_ => throw new InvalidOperationException("from a callback"));
        source.Future.OnCompleted(_ => called.Set());

        Assert.That(source.TrySetResult(1), Is.True);

        Within.Wait(called);
        Assert.That(source.Future.Result(), Is.EqualTo(1));
    }

    [Test]
    public void Then_AFunctionThatThrows_FaultsTheStepAlone()
    {
        var oops = new InvalidOperationException("oops");
        var source = new TinyFutureSource<int>();
        TinyFuture<int> bad = source.Future.Then<int>(_ => throw oops), good = source.Future.Then(x => x + 1);

        source.TrySetResult(1);

        Assert.That(() => Within.Time(bad), Throws.Exception.SameAs(oops));
        Assert.That(Within.Time(good), Is.EqualTo(2));
    }

    [Test]
    public void Then_CancelledWhilePending_NeverRunsAndLeavesItsInputAlone()
    {
        var ran = false;
        var source = new TinyFutureSource<int>();
        var step = source.Future.Then(_ => ran = true);

        Assert.That(step.Cancel(), Is.True);
        source.TrySetResult(1);

        Assert.That(step.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(source.Future.Result(), Is.EqualTo(1));
        Assert.That(ran, Is.False);
    }

    [Test]
    public void Then_OfACompletedFuture_RunsOnThePool() =>
        Assert.That(Within.Time(TinyFuture.FromResult(1).Then(_ => Thread.CurrentThread.IsThreadPoolThread)), Is.True);

    [Test]
    public async Task Await_InsideASynchronizationContext_ComesBackToIt()
    {
        using var thread = new AsyncContextThread();
        TinyFutureSource<int> first = new(), second = new();
        var awaiting = thread.Factory.Run(Run);

        Within.Until(() => first.Future.HasContinuations, "the first await");
        first.TrySetResult(1);
        Within.Until(() => second.Future.HasContinuations, "the second await");
        second.TrySetResult(2);

        var (contextOfTheFirst, isSecondOnThePool) = await Within.Time(awaiting);
        Assert.That(contextOfTheFirst, Is.SameAs(thread.Context), "where the first continuation ran");
        Assert.That(isSecondOnThePool, Is.True, "the second continuation ran on the pool");
        await Within.Time(thread.JoinAsync());

        async Task<(AsyncContext?, bool)> Run()
        {
            await first.Future;
            var contextOfTheFirst = AsyncContext.Current;
            await second.Future.ConfigureAwait(false);
            return (contextOfTheFirst, Thread.CurrentThread.IsThreadPoolThread && AsyncContext.Current is null);
        }
    }

    [Test]
    public async Task Await_OfAFutureCompletedElsewhere_NeverRunsOnTheCompletersStack()
    {
        var source = new TinyFutureSource<int>();
        var completer = Environment.CurrentManagedThreadId;
        var inside = false;
        var seen = false;
        var awaiting = Run();
        inside = true;
        source.TrySetResult(1);
        inside = false;

        await Within.Time(awaiting);
        Assert.That(seen, Is.False);

        async Task Run()
        {
            await source.Future.ConfigureAwait(false);
            seen = Volatile.Read(ref inside) && Environment.CurrentManagedThreadId == completer;
        }
    }

    [Test]
    public void Await_ItsExecutionContext_Flows()
    {
        var local = new AsyncLocal<int>();
        var source = new TinyFutureSource<int>();
        var awaiting = Run();
        local.Value = 2;
        source.TrySetResult(1);

        Assert.That(async () => await Within.Time(awaiting), Is.EqualTo(1));

        async Task<int> Run()
        {
            local.Value = 1;
            await source.Future;
            return local.Value;
        }
    }

    [Test]
    public void ToString_InEachState_NamesIt()
    {
        var pending = new TinyFutureSource<int>();
        var faulted = TinyFuture.FromException<int>(new InvalidOperationException("oops"));
        var canceled = new TinyFutureSource<int>();
        canceled.Future.Cancel();

        Assert.That(pending.Future.ToString(), Does.Contain("Pending"));
        Assert.That(TinyFuture.FromResult(42).ToString(), Does.Contain("Succeeded").And.Contain("42"));
        Assert.That(TinyFuture.FromResult<string?>(null).ToString(), Does.Contain("null"));
        Assert.That(faulted.ToString(), Does.Contain("Faulted").And.Contain("InvalidOperationException").And.Contain("oops"));
        Assert.That(canceled.Future.ToString(), Does.Contain("Canceled"));
    }

    [Test]
    public void ToString_WhoseExceptionOrResultThrows_SaysSoAndDoesNotThrow()
    {
        var fault = new BadText();
        var future = TinyFuture.FromException<int>(fault);
        Assert.That(future.ToString(), Does.Contain("Faulted: BadText: (its text threw FormatException)"));
        Assert.That(future.Exception, Is.SameAs(fault), "a look: the test platform would ask an unobserved one for its text");
        Assert.That(TinyFuture.FromResult(fault).ToString(), Does.Contain("Succeeded: (its text threw FormatException)"));
    }

    [TestCase("itself")]
    [TestCase("each other")]
    [TestCase("itself, in a record")]
    [TestCase("a fault that names it")]
    public void ToString_OfFuturesThatHold_Ends(string what)
    {
        TinyFutureSource<object> first = new(), second = new();
        if (what == "itself") first.TrySetResult(first.Future);
        else if (what == "each other") first.TrySetResult(second.Future);
        else if (what == "itself, in a record") first.TrySetResult(new Holder(first.Future, first.Future));
        else first.TrySetException(new NamesAFuture(first.Future));
        second.TrySetResult(first.Future);
        Assert.That(first.Future.ToString(), Does.Contain(first.Future.Status.ToString()).And.Contain("..."));
        Assert.That(TinyFuture.FromResult(42).ToString(), Does.Contain("42"), "the next text is whole");
    }

    [Test]
    public void ToString_OfAMillionFuturesOneInTheOther_UsesNoDeepStack()
    {
        var future = TinyFuture.FromResult<object>(1);
        for (var i = 0; i < 1_000_000; i++) future = TinyFuture.FromResult<object>(future);
        Assert.That(future.ToString(), Has.Length.LessThan(1_000));
    }

    private sealed record Holder(object First, object Second);

    private sealed class NamesAFuture(TinyFuture<object> future) : Exception
    {
        public override string Message => $"that of {future}";
    }

    private static async Task<Exception> Catch(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            return e;
        }

        throw new AssertionException("Nothing was thrown.");
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            ThrowDeepInside();
        }
        catch (InvalidOperationException e)
        {
            return e;
        }

        throw new AssertionException("Nothing was thrown.");
    }

    private static void ThrowDeepInside() => throw new InvalidOperationException("oops");

    private sealed class BadText : Exception
    {
        public override string Message => throw new FormatException();

        public override string ToString() => throw new FormatException();
    }
}
