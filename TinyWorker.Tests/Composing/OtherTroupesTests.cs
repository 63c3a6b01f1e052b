namespace TinyWorker.Tests.Composing;

/// <summary>What composed troupes do with parts, and clocks, that are the user's code and misbehave.</summary>
internal sealed class OtherTroupesTests : ComposingFixture
{
    /// <summary>A troupe of another library. It can be told to have no room, and what its snapshot does.</summary>
    private sealed class Misbehaving<TIn, TOut>(ITinyTroupe<TIn, TOut> inner) : ITinyTroupe<TIn, TOut>
    {
        public Action OnSnapshot { get; set; } = static () => { };

        public bool IsFull { get; init; }

        public string Name => "other " + inner.Name;

        public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public async ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default)
        {
            await WaitForRoom(cancellationToken);
            return await inner.SubmitAsync(input, cancellationToken);
        }

        public async ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
        {
            await WaitForRoom(cancellationToken);
            return await inner.SubmitAsync(input, cancellationToken);
        }

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => inner.WhenReadyAsync(cancellationToken);

        public TroupeSnapshot Snapshot()
        {
            OnSnapshot();
            return inner.Snapshot();
        }

        public TroupeExplanation Explain(TroupeExplanation? since = null) => inner.Explain(since);

        public Task StopAsync(CancellationToken cancellationToken) => inner.StopAsync(cancellationToken);

        public void Abort() => inner.Abort();

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private async Task WaitForRoom(CancellationToken token)
        {
            if (!IsFull) return;
            token.Register(static () => throw new FormatException("A callback on the token threw."));
            await Task.Delay(Timeout.Infinite, token);
        }
    }

    /// <summary>A clock that can go back. Its timers call when they are told to, and can be set for 49 days at the most, as the system's.
    /// </summary>
    private sealed class JumpingClock : TimeProvider
    {
        private Action _call = static () => { };

        public long Now { get; set; } = 100 * TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;

        public void Call() => _call();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _call = () => callback(state);
            return new JumpingTimer();
        }

        private sealed class JumpingTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime, TimeSpan.FromDays(49));
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }

    [Test]
    public async Task InnerTroupe_WhoseSnapshotThrows_LosesNoItem()
    {
        var inner = new Misbehaving<int[], int[]>(Troupe<int[], int[]>((items, _) => items));
        var troupe = inner.Batched();
        inner.OnSnapshot = static () => throw new ObjectDisposedException("inner");
        var futures = Enumerable.Range(0, 10).Select(i => troupe.Submit(i)).ToArray();
        Assert.That(futures.Select(Within.Time), Is.EqualTo(Enumerable.Range(0, 10)));
        await Within.Time(troupe.DisposeAsync().AsTask());
        inner.OnSnapshot = static () => { };
        AssertCounts(troupe, 0, 0, 10);
    }

    [Test]
    public void Snapshot_OfPipelinesInPipelines_LooksAtEachPartOnce()
    {
        const int Depth = 8;
        var looks = 0;
        var part = Troupe<int, int>((x, _) => x);
        ITinyTroupe<int, int> troupe = new Misbehaving<int, int>(part) { OnSnapshot = () => looks++ };
        for (var i = 0; i < Depth; i++) troupe = part.Into(troupe);
        Assert.That((troupe.Snapshot().Capacity, looks), Is.EqualTo((part.Capacity, 1)));
    }

    [Test]
    public async Task Callback_ThatThrowsOnTheTokenOfAWait_DoesNotKeepAPipelineFromItsEnd()
    {
        var first = Troupe<int, int>((_, token) => UntilCancelled<int>(token));
        var troupe = first.Into(new Misbehaving<int, int>(first) { IsFull = true });
        var submission = troupe.SubmitAsync(1).AsTask();
        Assert.That(Caught(troupe.Abort), Is.Null);
        Assert.That(await CaughtAsync(submission), Is.InstanceOf<ObjectDisposedException>());
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Callback_ThatThrowsOnTheTokenOfABatch_IsNoneOfTheItems()
    {
        var inner = Troupe<int[], int[]>((items, _) => items);
        var troupe = new Misbehaving<int[], int[]>(inner) { IsFull = true }.Batched();
        var future = troupe.Submit(1);
        future.Cancel();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public void Batch_WaitsNoLongerThanMaxDelay_WhenTheClockGoesBack()
    {
        var clock = new JumpingClock();
        var troupe = Troupe<int[], int[]>((items, _) => items).Batched(new() { MaxDelay = TimeSpan.FromSeconds(1), TimeProvider = clock });
        var (left, stays) = (troupe.Submit(1), troupe.Submit(2));
        left.Cancel();
        clock.Now = 0;
        clock.Call();   // of the item that has left: set again, for the other
        Assert.That(stays.Status, Is.EqualTo(TinyFutureStatus.Pending));
        clock.Call();
        Assert.That(Within.Time(stays), Is.EqualTo(2));
    }

    [Test]
    public void Fault_OfABatchWhoseItemsWereAllCancelled_IsThatOfTheLast([Values] bool isolate)
    {
        var fault = new InvalidOperationException("The batch was asked to stop, and failed.");
        var inner = Troupe<int[], int[]>((_, token) =>
        {
            Assert.That(token.WaitHandle.WaitOne(Within.Deadline));
            throw fault;
        });
        inner.Pause();
        var troupe = inner.Batched(new() { IsolateFaults = isolate });
        var futures = new[] { troupe.Submit(1), troupe.Submit(2) };
        inner.Resume();
        UntilRunning(futures[1]);
        foreach (var future in futures) future.Cancel();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures[0].Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(futures[1].Exception, Is.SameAs(fault));
    }
}
