namespace TinyWorker.Tests.Futures;

/// <summary>Waits that have an end of their own.</summary>
internal sealed class WaitAsyncTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(5);

    [Test]
    public async Task WaitAsync_ThatPassesItsTimeout_ThrowsAndLeavesNothingBehind()
    {
        var source = new TinyFutureSource<int>();
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => Within.Time(source.Future.WaitAsync(Short)));
        Assert.That(thrown!.Message, Does.Contain("Pending"));
        Assert.That(source.Future.HasContinuations, Is.False);
        Assert.That(source.TrySetResult(7), "the future goes on");
        Assert.That(await source.Future.WaitAsync(TimeSpan.Zero), Is.EqualTo(7));
    }

    [Test]
    public async Task WaitAsync_WhoseTokenFires_IsCancelledAndLeavesNothingBehind()
    {
        var source = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var waiting = source.Future.WaitAsync(Within.Deadline, cancellation.Token);
        Assert.That(source.Future.HasContinuations);
        await cancellation.CancelAsync();
        var thrown = await Assert.ThrowsAsync<TaskCanceledException>(() => Within.Time(waiting));
        Assert.That(thrown!.CancellationToken, Is.EqualTo(cancellation.Token));
        Assert.That(source.Future.HasContinuations, Is.False);
        Assert.That(source.Future.Status, Is.EqualTo(TinyFutureStatus.Pending));
    }

    [Test]
    public async Task WaitAsync_OfAFutureThatEndsInTime_EndsAsTheFutureDoes(
        [Values("result", "fault", "cancel")] string end, [Values] bool before)
    {
        var source = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var oops = new FormatException();
        if (before) End();
        var waiting = source.Future.WaitAsync(Within.Deadline, cancellation.Token);
        if (!before) End();
        try
        {
            Assert.That((await Within.Time(waiting), end), Is.EqualTo((7, "result")));
        }
        catch (Exception e)
        {
            Assert.That(e, end == "fault" ? Is.SameAs(oops) : Is.InstanceOf<OperationCanceledException>());
        }

        Assert.That(waiting.IsCanceled, Is.EqualTo(end == "cancel"));

        void End()
        {
            if (end == "result") source.TrySetResult(7);
            else if (end == "fault") source.TrySetException(oops);
            else source.Future.Cancel();
        }
    }

    [Test]
    public async Task WaitAsync_OfNoTime_AsksOnly()
    {
        var source = new TinyFutureSource<int>();
        var waiting = source.Future.WaitAsync(TimeSpan.Zero);
        Assert.That(waiting.IsCompleted && !source.Future.HasContinuations);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
        Assert.That(source.Future.WaitAsync(Short, new CancellationToken(canceled: true)).IsCanceled);
    }

    [Test]
    public void WaitAsync_OfATimeoutThatIsOutOfRange_IsRefused()
    {
        var future = new TinyFutureSource<int>().Future;
        Assert.That(() => { future.WaitAsync(TimeSpan.FromSeconds(-2)); }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => { future.WaitAsync(TimeSpan.FromDays(30)); }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => { TinyFuture.FromResult(1).WaitAsync(TimeSpan.FromDays(30)); }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task WaitAsync_WhoseTimeoutTokenAndEndRace_EndsOnceAndLeavesNothingBehind()
    {
        for (var i = 0; i < 500; i++)
        {
            var source = new TinyFutureSource<int>();
            using var cancellation = new CancellationTokenSource();
            Task<int>? waiting = null;
            Parallel.Invoke(
                () => waiting = source.Future.WaitAsync(TimeSpan.FromMilliseconds(i % 3), cancellation.Token),
                () => { if (i % 2 == 0) source.TrySetResult(7); },
                () => { if (i % 5 != 0) cancellation.Cancel(); });
            await Within.Time(waiting!.ContinueWith(_ => { }, TaskScheduler.Default));
            Assert.That(waiting.IsCanceled || waiting.Exception?.InnerException is TimeoutException || await waiting == 7);
            if (i % 2 != 0) Assert.That(source.Future.HasContinuations, Is.False);
        }
    }

    [Test]
    [NonParallelizable]
    public void Waits_ThatWereCancelledByTheHundredThousand_LeaveTheHeapFlat()
    {
        var source = new TinyFutureSource<int>();
        source.Future.OnCompleted(_ => { });   // a continuation that stays
        var growth = Heap.GrowthOf(100_000, count =>
        {
            for (var i = 0; i < count; i++)
            {
                using var cancellation = new CancellationTokenSource();
                var waiting = source.Future.WaitAsync(Within.Deadline, cancellation.Token);
                cancellation.Cancel();
                Assert.That(waiting.IsCanceled);
            }
        });

        Assert.That(growth, Is.LessThan(1_000_000));
        GC.KeepAlive(source);
    }
}
