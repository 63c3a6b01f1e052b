using System.Diagnostics;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>Something that runs tasks for <see cref="ScaleMode"/>, and keeps the future of each until it has taken the result.</summary>
internal abstract class ScalePeer : IAsyncDisposable
{
    /// <summary>A number of submitters share the tasks, and each takes the results of its own. Returns the time it took.</summary>
    public abstract Task<TimeSpan> SubmitAsync(int submitters, int items);

    /// <summary>Submits all tasks while none runs, then lets them run and takes their results. Returns the time it took.</summary>
    public abstract Task<TimeSpan> FillAndRunAsync(int items);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs one part of the items for each submitter, on threads that exist when the clock starts.</summary>
    protected static TimeSpan OnThreads(int submitters, int items, Func<Range, long> submit)
    {
        using var start = new Barrier(submitters + 1);
        var sums = new long[submitters];
        var threads = Enumerable.Range(0, submitters).Select(index => new Thread(() =>
        {
            start.SignalAndWait();
            sums[index] = submit(Part(index, submitters, items));
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        start.SignalAndWait();
        var started = Stopwatch.GetTimestamp();
        foreach (var thread in threads) thread.Join();
        var time = Stopwatch.GetElapsedTime(started);
        Check(sums.Sum(), items);
        return time;
    }

    /// <summary>Runs one part of the items for each submitter, on the pool.</summary>
    protected static async Task<TimeSpan> OnPoolAsync(int submitters, int items, Func<Range, Task<long>> submit)
    {
        var started = Stopwatch.GetTimestamp();
        var sums = await Task.WhenAll(Enumerable.Range(0, submitters)
            .Select(index => Task.Run(() => submit(Part(index, submitters, items)))));
        var time = Stopwatch.GetElapsedTime(started);
        Check(sums.Sum(), items);
        return time;
    }

    /// <summary>The function is x + 1.</summary>
    protected static void Check(long sum, int items)
    {
        var expected = (long)items * (items + 1) / 2;
        if (sum != expected) throw new InvalidOperationException($"The sum of the results is {sum}, not {expected}.");
    }

    private static Range Part(int index, int submitters, int items) =>
        (int)((long)items * index / submitters)..(int)((long)items * (index + 1) / submitters);
}

/// <summary>A troupe of threads or of the pool.</summary>
internal sealed class TroupeScalePeer : ScalePeer
{
    private readonly TinyTroupe<int, int> _troupe;
    private readonly TinyFuture<int>?[] _futures;
    private readonly bool _blocking;

    private TroupeScalePeer(TinyTroupeOptions options, int items, bool blocking)
    {
        _troupe = new(x => x + 1, options);
        _futures = new TinyFuture<int>?[items];
        _blocking = blocking;
    }

    public static async Task<ScalePeer> CreateAsync(TinyTroupeOptions options, int items, bool blocking)
    {
        var peer = new TroupeScalePeer(options, items, blocking);
        await peer._troupe.WhenReadyAsync();
        return peer;
    }

    public override async Task<TimeSpan> SubmitAsync(int submitters, int items)
    {
        var time = _blocking ? OnThreads(submitters, items, SubmitPart) : await OnPoolAsync(submitters, items, SubmitPartAsync);
        Array.Clear(_futures, 0, items);
        return time;
    }

    public override Task<TimeSpan> FillAndRunAsync(int items)
    {
        _troupe.Pause();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < items; i++) _futures[i] = _troupe.Submit(i);
        _troupe.Resume();
        long sum = 0;
        for (var i = 0; i < items; i++) sum += _futures[i]!.Result();
        var time = Stopwatch.GetElapsedTime(started);
        Check(sum, items);
        Array.Clear(_futures, 0, items);
        return Task.FromResult(time);
    }

    public override ValueTask DisposeAsync() => _troupe.DisposeAsync();

    private long SubmitPart(Range part)
    {
        var (from, to) = (part.Start.Value, part.End.Value);
        for (var i = from; i < to; i++) _futures[i] = _troupe.Submit(i);
        long sum = 0;
        for (var i = from; i < to; i++) sum += _futures[i]!.Result();
        return sum;
    }

    private async Task<long> SubmitPartAsync(Range part)
    {
        var (from, to) = (part.Start.Value, part.End.Value);
        for (var i = from; i < to; i++) _futures[i] = await _troupe.SubmitAsync(i);
        long sum = 0;
        for (var i = from; i < to; i++) sum += await _futures[i]!;
        return sum;
    }
}

/// <summary>A hand-written channel with a TaskCompletionSource for each item.</summary>
internal sealed class HandWrittenScalePeer : ScalePeer
{
    private readonly HandWrittenPool<int, int> _pool;
    private readonly Task<int>?[] _tasks;
    private readonly ManualResetEventSlim _open = new(initialState: true);

    public HandWrittenScalePeer(int workers, int capacity, int items)
    {
        _pool = new(
            x =>
            {
                _open.Wait();
                return x + 1;
            },
            workers,
            capacity);
        _tasks = new Task<int>?[items];
    }

    public override async Task<TimeSpan> SubmitAsync(int submitters, int items)
    {
        var time = await OnPoolAsync(submitters, items, SubmitPartAsync);
        Array.Clear(_tasks, 0, items);
        return time;
    }

    public override async Task<TimeSpan> FillAndRunAsync(int items)
    {
        _open.Reset();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < items; i++) await _pool.SubmitAsync(i, out _tasks[i]!);
        _open.Set();
        long sum = 0;
        for (var i = 0; i < items; i++) sum += await _tasks[i]!;
        var time = Stopwatch.GetElapsedTime(started);
        Check(sum, items);
        Array.Clear(_tasks, 0, items);
        return time;
    }

    public override async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        _open.Dispose();
    }

    private async Task<long> SubmitPartAsync(Range part)
    {
        var (from, to) = (part.Start.Value, part.End.Value);
        for (var i = from; i < to; i++) await _pool.SubmitAsync(i, out _tasks[i]!);
        long sum = 0;
        for (var i = from; i < to; i++) sum += await _tasks[i]!;
        return sum;
    }
}
