using TinyWorker.Futures;

namespace TinyWorker.Tests.Futures;

/// <summary>The ways to wait for a future, and where a waiter goes on.</summary>
internal sealed class WaitingTests
{
    [Test]
    public async Task Result_WithATokenThatFiresWhileItWaits_ThrowsAndLeavesTheFutureAlone()
    {
        var source = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var waiting = Task.Factory.StartNew(
            () => source.Future.Result(cancellation.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Within.Until(() => source.Future.HasContinuations, "the wait");

        await cancellation.CancelAsync();

        var thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => Within.Time(waiting));
        Assert.That(thrown!.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(source.Future.HasContinuations, Is.False, "nothing waits any more");
        Assert.That(source.TrySetResult(7));
        Assert.That(source.Future.Result(cancellation.Token), Is.EqualTo(7), "it has ended: the token does not matter");
    }

    [Test]
    public async Task Result_WithATokenThatDoesNotFire_Answers()
    {
        var source = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var waiting = Task.Factory.StartNew(
            () => source.Future.Result(cancellation.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Within.Until(() => source.Future.HasContinuations, "the wait");
        source.TrySetResult(7);
        Assert.That(await Within.Time(waiting), Is.EqualTo(7));
    }

    [Test]
    public async Task Await_UnderATaskScheduler_GoesOnThere()
    {
        var source = new TinyFutureSource<int>();
        var scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        var waiting = Task.Factory.StartNew(
            async () =>
            {
                await source.Future;
                return TaskScheduler.Current;
            },
            CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap();
        Within.Until(() => source.Future.HasContinuations, "the await");
        source.TrySetResult(7);
        Assert.That(await Within.Time(waiting), Is.SameAs(scheduler));
    }

    [Test]
    public async Task Await_InAContextThatRefusesPosts_GoesOnOnThePool()
    {
        var source = new TinyFutureSource<int>();
        var waiting = Task.Factory.StartNew(
            async () =>
            {
                SynchronizationContext.SetSynchronizationContext(new ClosedContext());
                await source.Future;
                return Thread.CurrentThread.IsThreadPoolThread;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        Within.Until(() => source.Future.HasContinuations, "the await");
        source.TrySetResult(7);
        Assert.That(await Within.Time(waiting), Is.True);
    }

    // The compiler calls UnsafeOnCompleted. OnCompleted is for a task builder that does not know it.
    [Test]
    public async Task OnCompleted_OfTheAwaiter_BringsTheExecutionContext()
    {
        var source = new TinyFutureSource<int>();
        var ambient = new AsyncLocal<int> { Value = 3 };
        var seen = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        source.Future.GetAwaiter().OnCompleted(() => seen.SetResult(ambient.Value));
        ambient.Value = 4;
        source.TrySetResult(7);
        Assert.That(await Within.Time(seen.Task), Is.EqualTo(3));
    }

    [Test]
    public async Task Callback_RegisteredWithoutAnExecutionContext_IsCalled()
    {
        var source = new TinyFutureSource<int>();
        var ambient = new AsyncLocal<int> { Value = 3 };
        var seen = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        TinyFuture<int> step;
        using (ExecutionContext.SuppressFlow())
        {
            source.Future.OnCompleted(_ => seen.SetResult(ambient.Value));
            step = source.Future.Then(x => x + ambient.Value);
        }

        source.TrySetResult(7);
        Assert.That(await Within.Time(seen.Task), Is.Zero);
        Assert.That(Within.Time(step), Is.EqualTo(7));
    }

    [Test]
    public void Cancel_OfWhatHasEnded_IsRefused()
    {
        var done = TinyFuture.FromResult(1);
        Assert.That(TinyFuture.WhenAll([done]).Cancel(), Is.False);
        var step = done.Then(x => x + 1);
        Assert.That(Within.Time(step), Is.EqualTo(2));
        Assert.That(step.Cancel(), Is.False);
    }

    // A future that lives long drops the continuations that were abandoned, and no others.
    [Test]
    public async Task Future_ManyOfWhoseContinuationsWereAbandoned_KeepsTheOthersInTheirOrder()
    {
        var source = new TinyFutureSource<int>();
        var future = source.Future;
        var awaited = Task.Run(async () => await future);
        Within.Until(() => future.HasContinuations, "the await");
        var task = future.AsTask();
        var any = TinyFuture.WhenAny([future, new TinyFutureSource<int>().Future]);
        var all = TinyFuture.WhenAll([future]);
        await using var each = TinyFuture.WhenEach([future]).GetAsyncEnumerator();
        var first = each.MoveNextAsync().AsTask();
        var called = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        future.OnCompleted(ended => called.SetResult(ended.Result()));

        foreach (var step in Enumerable.Range(0, 1_000).Select(_ => future.Then(x => x)).ToArray()) Assert.That(step.Cancel());
        source.TrySetResult(7);

        Assert.That(await Within.Time(awaited), Is.EqualTo(7));
        Assert.That(await Within.Time(task), Is.EqualTo(7));
        Assert.That(Within.Time(any), Is.SameAs(future));
        Assert.That(Within.Time(all), Is.EqualTo(new[] { 7 }));
        Assert.That(await Within.Time(first));
        Assert.That(await Within.Time(called.Task), Is.EqualTo(7));
    }

    [Test]
    public void ContinuationList_OfACompletedFuture_TakesNoneAndDropsNone()
    {
        var list = new ContinuationList(new Abandoned());
        Assert.That(list.Take().Length, Is.EqualTo(1));
        Assert.That(list.TryAdd(new Abandoned()), Is.False);
        list.NoteAbandoned();
        Assert.That(list.Take().Length, Is.EqualTo(1));
    }

    private sealed class Abandoned : IContinuation
    {
        public bool IsAbandoned => true;

        public bool OnSourceCompleted() => true;
    }

    private sealed class ClosedContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => throw new InvalidOperationException("closed");
    }
}
