using TinyWorker.Tests.Processes.Loopback;
using ThreadState = System.Threading.ThreadState;

namespace TinyWorker.Tests.Composing;

/// <summary>Where the workers of the parts live.</summary>
public enum Place
{
    Threads,
    Pool,

    /// <summary>Children that share this process's memory, over the wire.</summary>
    Processes,
}

/// <summary>What the tests of composed troupes share.</summary>
internal abstract class ComposingFixture
{
    private readonly List<IAsyncDisposable> _troupes = [];

    [TearDown]
    public async Task EndTroupes()
    {
        IAsyncDisposable[] toEnd = [.. _troupes];
        _troupes.Clear();
        foreach (var troupe in toEnd) await Within.Time(troupe.DisposeAsync().AsTask(), "disposing " + troupe);
    }

    /// <summary>A troupe that is disposed after the test.</summary>
    protected TinyTroupe<TIn, TOut> Troupe<TIn, TOut>(
        Func<TIn, CancellationToken, TOut> function, Place place = Place.Threads, TinyTroupeOptions? with = null)
    {
        with ??= new TinyTroupeOptions { Workers = 1 };
        var troupe = new TinyTroupe<TIn, TOut>(function, (place switch
        {
            Place.Threads => new ThreadTroupeOptions(),
            Place.Pool => new PoolTroupeOptions(),
            _ => (TinyTroupeOptions)new ProcessTroupeOptions
            {
                Launcher = new LoopbackLauncher(), Serializer = static () => new LoopbackLauncher.ByReference(),
            },
        }) with
        {
            Name = with.Name, Workers = with.Workers, Capacity = with.Capacity, CancellationGrace = with.CancellationGrace,
            LoggerFactory = with.LoggerFactory, TaskTimeout = with.TaskTimeout, MaxAttempts = with.MaxAttempts, RetryWhen = with.RetryWhen,
        });
        _troupes.Add(troupe);
        return troupe;
    }

    /// <summary>A task that runs until it is asked to stop.</summary>
    protected static T UntilCancelled<T>(CancellationToken token)
    {
        Assert.That(token.WaitHandle.WaitOne(Within.Deadline), "the task is asked to stop");
        throw new OperationCanceledException(token);
    }

    protected static void WaitForEnd<T>(TinyFuture<T> future) => Within.Until(() => future.IsCompleted, "the end of " + future);

    protected static void UntilRunning<T>(TinyFuture<T> future) =>
        Within.Until(() => future.Status == TinyFutureStatus.Running, future + " to run");

    protected static Exception? Caught(Action step)
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

    protected static async Task<Exception?> CaughtAsync(Task task)
    {
        try
        {
            await Within.Time(task);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Runs a step on a thread, and returns when the thread blocks.</summary>
    protected static Task<Exception?> Blocked(Action step)
    {
        var done = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => done.SetResult(Caught(step))) { IsBackground = true, Name = "blocked step" };
        thread.Start();
        Within.Until(() => done.Task.IsCompleted || (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, "a thread to block");
        return done.Task;
    }

    /// <summary>Enumerates a map until some task runs, and leaves it then. The map cancels what runs, and waits for it.</summary>
    protected static async Task LeaveWhenSomethingRuns(ITinyTroupe<int, int> troupe, Func<bool> isRunning, bool asynchronous)
    {
        using var cancellation = new CancellationTokenSource();
        var map = Task.Run(async () =>
        {
            if (!asynchronous)
            {
                foreach (var _ in troupe.Map(Enumerable.Range(0, 1000), new() { CancellationToken = cancellation.Token })) { }
            }
            else
            {
                await foreach (var _ in troupe.MapAsync(Enumerable.Range(0, 1000), null, cancellation.Token)) { }
            }
        });
        Within.Until(isRunning, "a task to run");
        await cancellation.CancelAsync();
        Assert.That(await CaughtAsync(map), Is.InstanceOf<OperationCanceledException>());
    }

    protected static void AssertCounts(ITroupe troupe, int waiting, int running, int ended)
    {
        var now = troupe.Snapshot();
        Assert.That(
            (now.Waiting, now.Running, now.Succeeded + now.Faulted + now.Canceled, now.Accepted),
            Is.EqualTo((waiting, running, (long)ended, (long)waiting + running + ended)), now.ToString());
    }

    /// <summary>A troupe as a user might write one: the library knows only its interface.</summary>
    protected sealed class OtherTroupe<TIn, TOut>(ITinyTroupe<TIn, TOut> inner) : ITinyTroupe<TIn, TOut>
    {
        public string Name => "other " + inner.Name;

        public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => inner.Submit(input, cancellationToken);

        public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default) =>
            inner.Submit(input, cancellationToken);

        public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) =>
            inner.SubmitAsync(input, cancellationToken);

        public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default) =>
            inner.SubmitAsync(input, cancellationToken);

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => inner.WhenReadyAsync(cancellationToken);

        public TroupeSnapshot Snapshot() => inner.Snapshot();

        public TroupeExplanation Explain(TroupeExplanation? since = null) => inner.Explain(since);

        public Task StopAsync(CancellationToken cancellationToken) => inner.StopAsync(cancellationToken);

        public void Abort() => inner.Abort();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
