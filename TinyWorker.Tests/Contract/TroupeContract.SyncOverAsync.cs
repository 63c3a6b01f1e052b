namespace TinyWorker.Tests.Contract;

// Code that blocks on asynchronous code is bad style, but common. The synchronization context of a worker must not make it deadlock.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Call_OfASynchronousWorkerThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        var troupe = new TinyTroupe<int, int>(x => BlockOn(AddOneAsync(x)), Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(2));
        Assert.That(Within.Time(SubmitElsewhere(troupe, 2)), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Factory_ThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        TinyTroupe<int, int>? troupe = null;
        Within.Time(
            () => troupe = new TinyTroupe<int, int>(
                _ =>
                {
                    var offset = BlockOn(AddOneAsync(1));
                    return new FunctionWorker(x => x + offset);
                },
                Options()),
            "the constructor");
        Assert.That(Within.Time(troupe!.Submit(1)), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Dispose_OfAWorkerThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(_ => new FunctionWorker(x => x, () => disposed = BlockOn(AddOneAsync(0))), Options());
        await Within.Time(troupe.WhenReadyAsync());
        Within.Time(troupe.Dispose, "the disposal");   // an inline worker is disposed on the thread that disposes the troupe
        Assert.That(disposed, Is.EqualTo(1));
    }

    [Test]
    public async Task Logger_ThatBlocksOnAsynchronousCode_DoesNotDeadlock([Values] bool isAskedFirst)
    {
        var calls = 0;
        using var loggers = new ActingLoggers { OnLog = _ => Interlocked.Add(ref calls, isAskedFirst ? 1 : BlockOn(AddOneAsync(0))) };
        if (isAskedFirst) loggers.OnAsked = _ => BlockOn(AddOneAsync(0));
        TinyTroupe<int, int>? troupe = null;
        Within.Time(() => troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Loggers = loggers })), "the constructor");
        Assert.That(Within.Time(SubmitElsewhere(troupe!, 1)), Is.EqualTo(2));
        Within.Time(troupe!.Dispose, "the disposal");
        Assert.That(Volatile.Read(ref calls), Is.Positive, "the logger was called because a worker is ready");
        await End(troupe);
    }

    private static async Task<int> AddOneAsync(int value)
    {
        await Task.Yield();
        return value + 1;
    }

    private static T BlockOn<T>(Task<T> task) => task.GetAwaiter().GetResult();

    // An inline troupe runs the task in Submit. On another thread, a deadlock does not hang the test.
    private protected static TinyFuture<int> SubmitElsewhere(TinyTroupe<int, int> troupe, int input)
    {
        TinyFuture<int>? future = null;
        Within.Time(() => future = troupe.Submit(input), "the submission");
        return future!;
    }
}
