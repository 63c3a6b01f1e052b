namespace TinyWorker.Tests.Contract;

// The ends of a map while its tasks run.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Map_LeftWhileTasksRun_StopsThemAndIsGone(
        [Values("break", "throw", "fault", "async break", "async throw", "async fault", "async token", "async WithCancellation")] string how, [Values] bool ordered)
    {
        var asynchronous = how.StartsWith("async ", StringComparison.Ordinal);
        if (asynchronous) how = how["async ".Length..];
        using var cancellation = new CancellationTokenSource();
        var source = new WatchedSource(1_000_000);
        var stopped = 0;
        var running = 0;
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x == 0) Within.Until(() => source.Read >= 8, "a full window");
                if (x <= 0) return x;
                if (how == "fault" && x == 1)
                {
                    Within.Until(() => Volatile.Read(ref running) == 3, "the others to run");
                    throw new FormatException(how);
                }

                Interlocked.Increment(ref running);
                try
                {
                    return UntilCancelled(token);
                }
                finally
                {
                    Interlocked.Increment(ref stopped);
                }
            },
            Options(new Settings { Name = "leavers", Workers = 4, Grace = Timeout.InfiniteTimeSpan }));
        var options = new MapOptions { Ordered = ordered, Window = 8 };
        Exception? error;
        if (how is "token" or "WithCancellation")
        {
            var map = troupe.MapAsync(source, options, how == "token" ? cancellation.Token : default).WithCancellation(how == "token" ? default : cancellation.Token);
            error = await CaughtAsync(() => Within.Time(Task.Run(async () =>
            {
                await foreach (var x in map) See(x);
            })));
        }
        else if (how == "break")
        {
            error = null;
            if (asynchronous)
            {
                await Within.Time(Task.Run(async () =>
                {
                    await foreach (var x in troupe.MapAsync(source, options))
                    {
                        See(x);
                        break;
                    }
                }));
            }
            else
            {
                Within.Time(
                    () =>
                    {
                        foreach (var x in troupe.Map(source, options))
                        {
                            See(x);
                            break;
                        }
                    },
                    "the map");
            }
        }
        else
        {
            error = await Enumerate(troupe, source, options, asynchronous, See);
        }

        Assert.That(error, how switch
        {
            "break" => Is.Null,
            "throw" or "fault" => Is.TypeOf<FormatException>().With.Message.EqualTo(how),
            _ => Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token),
        });
        Assert.That(stopped, Is.EqualTo(running), "what ran was waited for");
        AssertIsLeft(troupe, source);
        if (!asynchronous) Assert.That(source.WasDisposedByItsReader, Is.True);
        Assert.That(source.Read, Is.LessThanOrEqualTo(1 + 8));
        Assert.That(troupe.Snapshot().Abandoned, Is.Zero);
        for (var i = 0; i < 8; i++) Assert.That(Within.Time(troupe.Submit(-i)), Is.EqualTo(-i), "the troupe is as good as new");
        await End(troupe);
        Threads.AreGone("leavers");

        void See(int x)
        {
            Assert.That(x, Is.Zero);
            if (how is "break" or "throw") Within.Until(() => Volatile.Read(ref running) == 4, "the others to run");
            if (how == "throw") throw new FormatException(how);
            if (how is "token" or "WithCancellation")
            {
                _ = Task.Run(() =>
                {
                    Within.Until(() => Volatile.Read(ref running) == 4, "the others to run, and the map to wait for them");
                    cancellation.Cancel();
                });
            }
        }
    }

    [Test]
    public async Task Map_LeftWithATaskThatObeysNobody_WaitsForItTheGraceAndNoLonger([Values] bool ordered, [Values] bool asynchronous)
    {
        using var hung = new ManualResetEventSlim();
        var begun = 0;
        var clock = new ManualClock();
        var source = new WatchedSource(100);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0) Within.Until(() => source.Read >= 4, "a full window");
                if (x <= 0) return x;
                Interlocked.Increment(ref begun);
                return Pass(hung, x);
            },
            Options(new Settings { Workers = 2, Grace = TimeSpan.FromSeconds(5), Clock = clock }));
        var leaving = Task.Run(() => Enumerate(troupe, source, new MapOptions { Ordered = ordered, Window = 4 }, asynchronous, _ =>
        {
            Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
            throw new FormatException("consumer");
        }));
        Within.Until(() => clock.Armed == 2, "both to be given the grace");
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.That(leaving.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await Within.Time(leaving), Is.TypeOf<FormatException>().With.Message.EqualTo("consumer"));
        AssertIsLeft(troupe, source);
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        hung.Set();
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_LeftWhileItsSourceIsPending_CancelsTheSourceAndDisposesIt([Values] bool ordered, [Values("break", "throw", "token", "WithCancellation", "fault")] string how)
    {
        using var cancellation = new CancellationTokenSource();
        var source = new SlowSource(3);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0) Within.Until(() => source.IsPending, "the source to be asked for what it has not");
                return how == "fault" && x == 2 ? throw new FormatException("fault") : x;
            },
            Options(new Settings { Workers = 2 }));
        var map = troupe.MapAsync(source.Read(), new MapOptions { Ordered = ordered, Window = 8 }, how == "token" ? cancellation.Token : default);
        var error = await CaughtAsync(() => Within.Time(Task.Run(async () =>
        {
            var seen = 0;
            await foreach (var x in map.WithCancellation(how == "WithCancellation" ? cancellation.Token : default))
            {
                if (++seen < 2) continue;
                if (how == "break") break;
                if (how == "throw") throw new FormatException("throw");
                await cancellation.CancelAsync();
            }
        })));
        Assert.That(error, how switch
        {
            "break" => Is.Null,
            "throw" or "fault" => Is.TypeOf<FormatException>().With.Message.EqualTo(how),
            _ => Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token),
        });
        Assert.That((source.Ends, source.WasCancelled), Is.EqualTo((1, true)));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
        Assert.That(Within.Time(troupe.Submit(7)), Is.EqualTo(7));
        await End(troupe);
    }

    // A source cannot be disposed while it is asked: what can be ended without it is ended at once, and the rest when it answers.
    [Test]
    public async Task MapAsync_LeftWhileItsSourceIsPendingAndHeedsNoToken_EndsOnceTheSourceMovesOn(
        [Values] bool ordered, [Values("break", "throw", "fault")] string how, [Values] bool sourceThrows)
    {
        using var isLeaving = new ManualResetEventSlim();
        var isLateItemBegun = false;
        var source = new SlowSource(8) { HeedsItsToken = false, OnCancel = isLeaving.Set };
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x == 8) Volatile.Write(ref isLateItemBegun, true);
                if (x <= 1) Within.Until(() => source.IsPending, "the source to be asked for what it has not");
                if (x == 1 && how == "fault") throw new FormatException(how);
                return x > 1 ? UntilCancelled(token) : x;
            },
            Options(new Settings { Name = "pending", Workers = 3, Grace = Timeout.InfiniteTimeSpan }));
        var leaving = CaughtAsync(() => Task.Run(async () =>
        {
            await foreach (var x in troupe.MapAsync(source.Read(), new MapOptions { Ordered = ordered, Window = 16 }))
            {
                if (how == "break") break;
                if (how == "throw") throw new FormatException(how);
            }
        }));

        Within.Wait(isLeaving, "the source's token to fire");
        Within.Until(() => troupe.Snapshot() is { Waiting: 0, Running: 0 }, "the end of what was outstanding");
        Assert.That((leaving.IsCompleted, source.Ends), Is.EqualTo((false, 0)), "the source is asked still");
        if (sourceThrows) source.Go.SetException(new InvalidOperationException("of the source, too late"));
        else source.Go.SetResult();
        Assert.That(await Within.Time(leaving), how == "break" ? Is.Null : Is.TypeOf<FormatException>().With.Message.EqualTo(how));
        Assert.That(source.Ends, Is.EqualTo(1));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero.And.Property("Abandoned").Zero);
        Assert.That(isLateItemBegun, Is.False, "what is read too late is not begun");
        Assert.That(Within.Time(troupe.Submit(0)), Is.Zero, "the troupe is as good as new");
        await End(troupe);
        Threads.AreGone("pending");
    }
}
