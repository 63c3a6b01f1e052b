namespace TinyWorker.Tests.Contract;

// Maps that end while their tasks run.
public abstract partial class BackgroundTroupeContract
{
    private static readonly string[] WaysToLeave =
    [
        "break", "throw", "fault", "async break", "async throw", "async fault", "async token", "async WithCancellation",
    ];

    [Test]
    public async Task Map_LeftWhileTasksRun_StopsThemAndLeavesNothing(
        [ValueSource(nameof(WaysToLeave))] string how, [Values] bool ordered)
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
            var map = how == "token"
                ? troupe.MapAsync(source, options, cancellation.Token).WithCancellation(CancellationToken.None)
                : troupe.MapAsync(source, options, CancellationToken.None).WithCancellation(cancellation.Token);
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
        Assert.That(stopped, Is.EqualTo(running), "the map waits for the running tasks");
        AssertIsLeft(troupe, source);
        if (!asynchronous) Assert.That(source.WasDisposedByItsReader, Is.True);
        Assert.That(source.Read, Is.LessThanOrEqualTo(1 + 8));
        Assert.That(troupe.Snapshot().Abandoned, Is.Zero);
        for (var i = 0; i < 8; i++) Assert.That(Within.Time(troupe.Submit(-i)), Is.EqualTo(-i), "the troupe can be used further");
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

    // A worker process can be killed, and is, after the grace. Other code is waited for: it may use what the program uses after the loop.
    [Test]
    public async Task Map_LeftWithATaskThatIgnoresItsToken_WaitsForItsCode([Values] bool ordered, [Values] bool asynchronous)
    {
        using var hung = new ManualResetEventSlim();
        var begun = 0;
        var running = 0;
        var isLeft = false;
        var clock = new ManualClock();
        var source = new WatchedSource(100);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0) Within.Until(() => source.Read >= 4, "a full window");
                if (x <= 0) return x;
                Interlocked.Increment(ref running);
                Interlocked.Increment(ref begun);
                try
                {
                    return Pass(hung, x);
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            },
            Options(new Settings { Workers = 2, Grace = TimeSpan.FromSeconds(5), Clock = clock }));
        var leaving = Task.Run(() => Enumerate(troupe, source, new MapOptions { Ordered = ordered, Window = 4 }, asynchronous, _ =>
        {
            Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
            Volatile.Write(ref isLeft, true);
            throw new FormatException("consumer");
        }));
        if (WorkersAreKilled)
        {
            Within.Until(() => clock.Armed == 2, "both to be given the grace");
            clock.Advance(TimeSpan.FromSeconds(4));
            Assert.That(leaving.IsCompleted, Is.False);
            clock.Advance(TimeSpan.FromSeconds(1));
        }
        else
        {
            Within.Until(() => Volatile.Read(ref isLeft) && troupe.Snapshot().Waiting == 0, "the end of the tasks that wait");
            clock.Advance(TimeSpan.FromSeconds(3600));
            Assert.That((leaving.IsCompleted, source.Disposals), Is.EqualTo((false, 0)));
            hung.Set();
        }

        Assert.That(await Within.Time(leaving), Is.TypeOf<FormatException>().With.Message.EqualTo("consumer"));
        if (!WorkersAreKilled)
        {
            Assert.That((running, begun), Is.EqualTo((0, 2)));
            Assert.That(troupe.Snapshot(), Has.Property("Abandoned").Zero);
        }

        AssertIsLeft(troupe, source);
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        hung.Set();
        await End(troupe);
    }

    [Test]
    public async Task Map_LeftWithATaskThatIgnoresItsToken_EndsAfterTheGraceOfAnAbort([Values] bool asynchronous)
    {
        using var hung = new ManualResetEventSlim();
        var begun = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0) Within.Until(() => Volatile.Read(ref begun) == 1, "the other worker");
                if (x == 0) return x;
                Interlocked.Increment(ref begun);
                return Pass(hung, x);
            },
            Options(new Settings { Workers = 2, Grace = TimeSpan.FromMilliseconds(50) }));
        var leaving = Task.Run(() => Enumerate(troupe, new WatchedSource(100), new MapOptions { Window = 4 }, asynchronous, _ =>
        {
            Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
            throw new FormatException("consumer");
        }));
        Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
        troupe.Abort();
        Assert.That(await Within.Time(leaving), Is.TypeOf<FormatException>().With.Message.EqualTo("consumer"));
        hung.Set();
        await End(troupe);
    }

    // What runs for a map ends before the loop does, also if the item was just on its way into a full troupe.
    [Test]
    public async Task Map_LeftInAFullTroupe_LeavesNoTaskThatBeginsLater(
        [Values("Map", "MapOutcomes", "MapAsync", "MapAsync of an asynchronous source")] string kind)
    {
        var left = -1;
        var late = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x <= Volatile.Read(ref left)) Interlocked.Increment(ref late);
                return x;
            },
            Options(new Settings { Workers = 2, Capacity = 1 }));
        var options = new MapOptions { Window = 8 };
        await Within.Time(Task.Run(async () =>
        {
            for (var round = 0; round < 1_000; round++)
            {
                var toSee = 1 + (round % 5);
                var items = Enumerable.Repeat(round, 1_000);
                if (kind == "Map")
                {
                    foreach (var _ in troupe.Map(items, options)) if (--toSee == 0) break;
                }
                else if (kind == "MapOutcomes")
                {
                    foreach (var _ in troupe.MapOutcomes(items, options)) if (--toSee == 0) break;
                }
                else
                {
                    var map = kind == "MapAsync"
                        ? troupe.MapAsync(items, options)
                        : troupe.MapAsync(Asynchronous(items, slow: true), options);
                    await foreach (var _ in map) if (--toSee == 0) break;
                }

                Volatile.Write(ref left, round);
            }
        }));
        await End(troupe);
        Assert.That(late, Is.Zero);
    }

    // No worker is free, and the item that is read waits at the gate: nothing of it is left there.
    [Test]
    public async Task Map_LeftWhileItsItemWaitsAtTheGate_WithdrawsIt(
        [Values("blocking", "awaiting", "asynchronous")] string kind, [Values("break", "token")] string how)
    {
        using var hog = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var calls = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x < 0) return Pass(hog, x);
                Interlocked.Increment(ref calls);
                return x;
            },
            Options(new Settings { Workers = 1, Capacity = 1 }));
        var hogs = new List<TinyFuture<int>>();
        var options = new MapOptions { Window = 8, CancellationToken = cancellation.Token };
        var source = new EndingSource(100);
        var error = await Enumerate(troupe, source, options, kind, x =>
        {
            if (x != 0) return;
            hogs.Add(troupe.Submit(-1));
            if (how == "break") throw new FormatException();
            cancellation.Cancel();
        });
        Assert.That(error, how == "break" ? Is.TypeOf<FormatException>() : Is.InstanceOf<OperationCanceledException>());
        var callsThen = calls;
        Assert.That(source.Disposals, Is.EqualTo(1));
        hog.Set();
        foreach (var future in hogs) Within.Time(future);
        Assert.That(Within.Time(troupe.Submit(1000)), Is.EqualTo(1000));
        Assert.That(calls, Is.EqualTo(callsThen + 1));
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_LeftWhileItsSourceIsPending_CancelsTheSourceAndDisposesIt(
        [Values] bool ordered, [Values("break", "throw", "token", "WithCancellation", "fault")] string how)
    {
        using var cancellation = new CancellationTokenSource();
        var source = new SlowSource(3);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0) Within.Until(() => source.IsPending, "the source to be asked for an item that it does not have");
                return how == "fault" && x == 2 ? throw new FormatException("fault") : x;
            },
            Options(new Settings { Workers = 2 }));
        var options = new MapOptions { Ordered = ordered, Window = 8 };
        var map = troupe.MapAsync(source.Read(), options, how == "token" ? cancellation.Token : default);
        var error = await CaughtAsync(() => Within.Time(Task.Run(async () =>
        {
            var seen = 0;
            await foreach (var x in map.WithCancellation(how == "WithCancellation" ? cancellation.Token : default))
            {
                if (++seen < 2 || !source.IsPending) continue;   // task 0 ends once it is pending
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

    // A source cannot be disposed while it is asked for an item. The tasks end at once; the map ends when the source has answered.
    [Test]
    public async Task MapAsync_LeftWhileItsPendingSourceIgnoresItsToken_EndsOnceTheSourceHasAnswered(
        [Values] bool ordered, [Values("break", "throw", "fault")] string how, [Values] bool sourceThrows)
    {
        using var isLeaving = new ManualResetEventSlim();
        var isLateItemBegun = false;
        var source = new SlowSource(8) { ObservesItsToken = false, OnCancel = isLeaving.Set };
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x == 8) Volatile.Write(ref isLateItemBegun, true);
                if (x <= 1) Within.Until(() => source.IsPending, "the source to be asked for an item that it does not have");
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
        Within.Until(() => troupe.Snapshot() is { Waiting: 0, Running: 0 }, "the end of the outstanding tasks");
        Assert.That((leaving.IsCompleted, source.Ends), Is.EqualTo((false, 0)), "the source has not answered");
        if (sourceThrows) source.Go.SetException(new InvalidOperationException("of the source, too late"));
        else source.Go.SetResult();
        Assert.That(await Within.Time(leaving), how == "break" ? Is.Null : Is.TypeOf<FormatException>().With.Message.EqualTo(how));
        Assert.That(source.Ends, Is.EqualTo(1));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero.And.Property("Abandoned").Zero);
        Assert.That(isLateItemBegun, Is.False, "no task is started for the late item");
        Assert.That(Within.Time(troupe.Submit(0)), Is.Zero, "the troupe can be used further");
        await End(troupe);
        Threads.AreGone("pending");
    }
}
