namespace TinyWorker.Tests.Contract;

public abstract partial class TroupeContract
{
    [Test]
    public async Task Workers_OfATroupe_AreMadeOnceAndDisposedOnce()
    {
        var made = 0;
        var disposed = 0;
        var indices = new HashSet<int>();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                Interlocked.Increment(ref made);
                lock (indices) indices.Add(info.Index);
                return new FunctionWorker(x => x, () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Workers = 3 }));
        await Within.Time(troupe.WhenReadyAsync());
        for (var i = 0; i < 100; i++) _ = troupe.Submit(i);
        Assert.That(disposed, Is.Zero);
        await End(troupe);
        Assert.That(made, Is.EqualTo(3));
        Assert.That(indices, Is.EquivalentTo(new[] { 0, 1, 2 }));
        Assert.That(disposed, Is.EqualTo(3));
    }

    [TestCase("throws")]
    [TestCase("null")]
    [TestCase("StartAsync")]
    public async Task Start_ThatFails_BreaksTheTroupeAndHangsNothing(string how)
    {
        var input = new TinyFutureSource<int>();
        var cause = new FormatException("no model");
        var troupe = new TinyTroupe<int, int>(
            _ => how switch { "throws" => throw cause, "null" => null!, _ => new FailsToStart(cause) },
            Options(new Settings { Workers = 2 }));
        var waiting = troupe.Submit(input.Future);
        Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());
        WaitForEnd(waiting);
        Assert.That(waiting.Exception, Is.TypeOf<WorkerStartException>());
        if (how != "null") Assert.That(waiting.Exception!.InnerException, IsThat(cause));
        var late = troupe.Submit(2);
        WaitForEnd(late);
        Assert.That(late.Exception, Is.TypeOf<WorkerStartException>());
        await End(troupe);
    }

    [Test]
    public async Task Dispose_WithChainedTasks_DrainsThemThoughTheirInputFinishesLater()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options());
        var last = troupe.Submit(troupe.Submit(input.Future));
        var disposing = troupe.DisposeAsync().AsTask();
        Assert.That(disposing.IsCompleted, Is.False);
        Assert.That(() => troupe.Submit(1), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => troupe.TrySubmit(1, out _), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await troupe.SubmitAsync(1), Throws.InstanceOf<ObjectDisposedException>());
        input.TrySetResult(0);
        await Within.Time(disposing);
        Assert.That(last.Result(), Is.EqualTo(2));
    }

    [Test]
    public async Task Dispose_FromManyThreadsAndAgain_DisposesOnceAndAllWait()
    {
        var disposed = 0;
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => new FunctionWorker(x => x, () => Interlocked.Increment(ref disposed)), Options());
        _ = troupe.Submit(input.Future);
        var all = Enumerable.Range(0, 4).Select(_ => Blocked(() =>
        {
            troupe.Dispose();
            Assert.That(disposed, Is.EqualTo(1));
        })).Append(troupe.DisposeAsync().AsTask()).ToArray();
        Assert.That(all.Any(task => task.IsCompleted), Is.False);
        input.TrySetResult(1);
        await Within.Time(Task.WhenAll(all));
        Within.Time(troupe.Dispose);
        await End(troupe);
        Assert.That(disposed, Is.EqualTo(1));
    }

    [Test]
    public async Task Dispose_WithBlockedSubmitters_GivesThemObjectDisposed()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(input.Future);
        var blocked = Blocked(() => troupe.Submit(1));
        var waiting = troupe.SubmitAsync(2).AsTask();
        var disposing = troupe.DisposeAsync().AsTask();
        Assert.That(async () => await Within.Time(blocked), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(async () => await Within.Time(waiting), Throws.InstanceOf<ObjectDisposedException>());
        input.TrySetResult(1);
        await Within.Time(disposing);
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));
    }

    [Test]
    public async Task StopAsync_WhoseTokenFires_Aborts()
    {
        var input = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var waiting = troupe.Submit(input.Future);
        var stopping = troupe.StopAsync(cancellation.Token);
        Assert.That(stopping.IsCompleted, Is.False);
        await cancellation.CancelAsync();
        await Within.Time(stopping);
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Abort_DuringADrain_CancelsTheWaitingTasks()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var waiting = troupe.Submit(input.Future);
        var disposing = troupe.DisposeAsync().AsTask();
        troupe.Abort();
        await Within.Time(disposing);
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(() => troupe.Submit(1), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task MaxTasksPerWorker_Reached_ReplacesTheWorker()
    {
        var restarts = new List<int>();
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                restarts.Add(info.Restarts);
                return new FunctionWorker(x => x, () => disposed++);
            },
            Options(new Settings { MaxTasksPerWorker = 2 }));
        for (var i = 0; i < 5; i++) _ = troupe.Submit(i);
        await End(troupe);
        Assert.That(restarts, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(disposed, Is.EqualTo(3));
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(5));
    }

    [Test]
    public void Constructor_WithABadOption_ThrowsAnArgumentExceptionThatNamesIt()
    {
        var bad = new Dictionary<string, Settings>
        {
            ["Name"] = new() { Name = " " },
            ["Workers"] = new() { Workers = 0 },
            ["Capacity"] = new() { Capacity = 0 },
            ["TaskTimeout"] = new() { TaskTimeout = TimeSpan.Zero },
            ["CancellationGrace"] = new() { Grace = TimeSpan.FromSeconds(-2) },
            ["MaxTasksPerWorker"] = new() { MaxTasksPerWorker = 0 },
            ["TimeProvider"] = new() { Clock = null! },
        };
        foreach (var (name, settings) in bad)
        {
            Assert.That(
                () => new TinyTroupe<int, int>(x => x, Options(settings)),
                Throws.InstanceOf<ArgumentException>().With.Message.Contains(name),
                name);
        }
    }

    [Test]
    public void Constructor_WithoutAFunction_ThrowsArgumentNull() =>
        Assert.That(() => new TinyTroupe<int, int>((Func<int, int>)null!, Options()), Throws.ArgumentNullException);

    [Test]
    public async Task Troupe_Made_HasItsNameWorkersAndCapacity()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = "clowns", Workers = 2, Capacity = 7 }));
        Assert.That((troupe.Name, troupe.Workers, troupe.Capacity), Is.EqualTo(("clowns", 2, 7)));
        await End(troupe);
    }

    private sealed class FailsToStart(Exception cause) : TinyAsyncWorker<int, int>
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            throw cause;
        }

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);
    }
}
