namespace TinyWorker.Tests.Contract;

// What waits for what in a map: the order is no barrier, and the consumer works at the same time as the workers.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Map_Ordered_WithASlowFirstItem_DelaysNoTaskInsideTheWindow([Values] bool asynchronous)
    {
        using var head = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Pass(head, x) : x, Options(new Settings { Workers = 2, Capacity = 3 }));
        var source = new WatchedSource(100);
        var seen = new List<int>();
        var map = Task.Run(() => Enumerate(troupe, source, new MapOptions { Window = 16 }, asynchronous, seen.Add));
        Within.Until(() => troupe.Snapshot().Succeeded == 15, "all other items of the window");
        Assert.That((source.Read, seen.Count), Is.EqualTo((16, 0)));
        head.Set();
        Assert.That(await Within.Time(map), Is.Null);
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 100)));
        await End(troupe);
    }

    [Test]
    public async Task Map_Unordered_WithASlowFirstItem_YieldsAllOthersMeanwhile([Values] bool asynchronous, [Values(2, 16)] int window)
    {
        using var head = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Pass(head, x) : x, Options(new Settings { Workers = 2 }));
        var seen = new List<int>();
        var options = new MapOptions { Ordered = false, Window = window };
        Assert.That(await Enumerate(troupe, Enumerable.Range(0, 100), options, asynchronous, See), Is.Null);
        Assert.That(seen, Has.Count.EqualTo(100).And.Unique);
        Assert.That(seen[^1], Is.Zero);
        await End(troupe);

        void See(int x)
        {
            seen.Add(x);
            if (seen.Count == 99) head.Set();
        }
    }

    [Test]
    public async Task Map_WhoseConsumerIsBusy_RunsFurtherTasksAndReportsProgress([Values] bool ordered, [Values] bool asynchronous)
    {
        var source = new WatchedSource(20);
        var progress = new Recorder();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Until(() => source.Read >= 8, "a full window");
                return x;
            },
            Options(new Settings { Workers = 2 }));
        var seen = 0;
        var options = new MapOptions { Ordered = ordered, Window = 8, Progress = progress };
        Assert.That(await Enumerate(troupe, source, options, asynchronous, See), Is.Null);
        Assert.That(seen, Is.EqualTo(20));
        await End(troupe);

        void See(int x)
        {
            seen++;
            if (seen <= 12) Assert.That(source.Read, Is.EqualTo(seen + 7), "the window stays full");
            if (seen != 1) return;
            Within.Until(() => troupe.Snapshot().Succeeded == 8, "the tasks of the window, while the consumer has its first result");
            Within.Until(() => progress.Reports is [.., { Completed: 8 }], "the progress, while the consumer has its first result");
        }
    }

    [Test]
    public async Task Map_Unordered_ThatFails_FirstDeliversTheResultsBeforeTheError([Values] bool asynchronous)
    {
        var source = new WatchedSource(100);
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Until(() => source.Read >= 8, "a full window");
                return x == 3 ? throw new FormatException() : x;
            },
            Options());
        var seen = new List<int>();
        var error = await Enumerate(troupe, source, new MapOptions { Ordered = false, Window = 8 }, asynchronous, See);
        Assert.That(error, Is.TypeOf<FormatException>());
        Assert.That(seen, Is.EqualTo(new[] { 0, 1, 2 }));
        AssertIsLeft(troupe, source);
        await End(troupe);

        void See(int x)
        {
            seen.Add(x);
            Within.Until(() => troupe.Snapshot() is { Faulted: 1, Succeeded: >= 7 }, "the whole window");
        }
    }

    // The libraries that came before this one lose finished results in their ordered mode when a later item fails.
    [Test]
    public async Task Map_Ordered_WhoseLaterItemFailsFirst_DeliversEveryResultBeforeIt([Values] bool asynchronous)
    {
        using var failed = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 7) return x == 0 ? Pass(failed, x) : x;
                failed.Set();
                throw new FormatException();
            },
            Options(new Settings { Workers = 2 }));
        var seen = new List<int>();
        var error = await Enumerate(troupe, Enumerable.Range(0, 100), new MapOptions { Window = 16 }, asynchronous, seen.Add);
        Assert.That(error, Is.TypeOf<FormatException>());
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 7)));
        await End(troupe);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Map_OnATroupeThatOthersKeepFull_DeliversWhatHasFinished(bool asynchronous)
    {
        using var first = new ManualResetEventSlim();
        using var hog = new ManualResetEventSlim();
        using var delivered = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(x == 0 ? first : hog, x), Options(new Settings { Workers = 2, Capacity = 1 }));
        var hogs = new List<Task>();
        _ = troupe.Submit(-1);
        Within.Until(() => troupe.Snapshot() is { Running: 1, Waiting: 0 }, "a worker that is busy with a task of others");
        var map = Task.Run(() => Enumerate(troupe, Source(), new MapOptions { Window = 4 }, asynchronous, _ => delivered.Set()));
        Within.Until(() => hogs.Count == 1, "others to wait before the second item of the map");
        first.Set();
        var came = SpinWait.SpinUntil(() => delivered.IsSet, TimeSpan.FromSeconds(5));
        hog.Set();
        Assert.That(await Within.Time(map), Is.Null);
        await Within.Time(Task.WhenAll(hogs));
        await End(troupe);
        Assert.That(came, Is.True, "the first result came while the others kept the troupe full");

        IEnumerable<int> Source()
        {
            yield return 0;
            Within.Until(() => troupe.Snapshot() is { Running: 2, Waiting: 0 }, "the first item of the map to run");
            _ = troupe.Submit(-2);
            hogs.Add(Blocked(() => troupe.Submit(-3)));
            yield return 1;
        }
    }
}
