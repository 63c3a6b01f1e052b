using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Package;

/// <summary>
/// Uses every part of the core that a program can have without worker processes, on every other back-end. It is compiled twice: with the
/// tests, and ahead of time into a program of its own.
/// </summary>
internal static class AheadOfTimeProgram
{
    private delegate TinyTroupeOptions Backend(int workers = 2, int? maxTasksPerWorker = null, TimeSpan? taskTimeout = null);

    private static readonly Backend[] Backends =
    [
        (workers, tasks, timeout) => new ThreadTroupeOptions { Workers = workers, MaxTasksPerWorker = tasks, TaskTimeout = timeout },
        (workers, tasks, timeout) => new PoolTroupeOptions { Workers = workers, MaxTasksPerWorker = tasks, TaskTimeout = timeout },
        (workers, tasks, timeout) => new InlineTroupeOptions { Workers = workers, MaxTasksPerWorker = tasks, TaskTimeout = timeout },
    ];

    public static async Task RunAsync(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var options in Backends)
        {
            Print($"{options().GetType().Name}:");
            Print("  chain: " + await ChainAsync(options));
            Print("  functions: " + await FunctionsAsync(options));
            Print("  workers: " + await WorkersAsync(options));
            Print("  futures: " + await FuturesAsync(options));
            Print("  maps: " + await MapsAsync(options));
            Print("  errors: " + await ErrorsAsync(options));
            Print("  timeout: " + await TimeoutAsync(options));
            Print("  order: " + await OrderAsync(options));
            Print("  each: " + await EachAsync(options));
            Print("  deadline: " + await DeadlineAsync(options));
            Print("  elastic: " + await ElasticAsync(options));
            Print("  pipeline: " + await PipelineAsync(options));
            Print("  batches: " + await BatchesAsync(options));
        }

        if (!RuntimeFeature.IsDynamicCodeSupported) Print(RefusalOfProcesses());

        void Print(string line) => output.WriteLine(line);
    }

    private static async Task<string> ChainAsync(Backend options)
    {
        await using var squares = new TinyTroupe<double, double>(x => x * x, options());
        await using var halves = new TinyTroupe<double, string>(x => (x / 2).ToString(CultureInfo.InvariantCulture), options());
        var futures = Enumerable.Range(0, 5).Select(i => halves.Submit(squares.Submit(i))).ToArray();
        return string.Join(", ", futures.Select(future => future.Result()));
    }

    private static async Task<string> FunctionsAsync(Backend options)
    {
        await using var synchronous = new TinyTroupe<(int X, int Y), long>(pair => (long)pair.X * pair.Y, options());
        await using var cancellable = new TinyTroupe<string, bool>(
            (text, token) => text.Length > 2 && !token.IsCancellationRequested, options());
        await using var asynchronous = new TinyTroupe<string, int>(
            async text =>
            {
                await Task.Yield();
                return text.Length;
            },
            options());
        var length = await await asynchronous.SubmitAsync("four");
        var tried = asynchronous.TrySubmit("six", out var six) ? await six : -1;
        return $"{await synchronous.Submit((6, 7))}, {await cancellable.Submit("two")}, {length}, {tried}";
    }

    private static async Task<string> WorkersAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, string>(info => new Adder(info.Index), options(workers: 1, maxTasksPerWorker: 2));
        await troupe.WhenReadyAsync();
        var sums = new List<string>();
        for (var x = 1; x <= 3; x++) sums.Add(await troupe.Submit(x));
        var snapshot = troupe.Snapshot();
        return $"{string.Join(", ", sums)}; {snapshot.Succeeded} succeeded, explained: {troupe.Explain().ToString().Length > 0}";
    }

    private static async Task<string> FuturesAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, options());
        var source = new TinyFutureSource<int>();
        var waiting = troupe.Submit(source.Future);
        var called = new TaskCompletionSource<int>();
        waiting.OnCompleted(future => called.SetResult(future.Result()));
        source.TrySetResult(10);
        var all = await TinyFuture.WhenAll([troupe.Submit(1), troupe.Submit(2), waiting]);
        var (number, text) = await TinyFuture.WhenAll(troupe.Submit(3), troupe.Submit(4).Then(x => $"<{x}>"));
        var any = await await TinyFuture.WhenAny([troupe.Submit(5)]);
        var sum = 0;
        await foreach (var each in TinyFuture.WhenEach(Enumerable.Range(0, 3).Select(x => troupe.Submit(x)))) sum += await each;
        var bridged = await TinyFuture.FromTask(Task.FromResult("task"));
        return $"{string.Join(" ", all)}, {await called.Task}, {number} {text}, {any}, {sum}, {bridged}";
    }

    private static async Task<string> MapsAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, int>(x => x * x, options());
        var blocking = troupe.Map(Enumerable.Range(0, 100)).Sum();
        var unordered = 0;
        await foreach (var value in troupe.MapAsync(Enumerable.Range(0, 100), new MapOptions { Ordered = false })) unordered += value;
        var reports = new LastReport();
        var outcomes = troupe.MapOutcomes(Enumerable.Range(0, 3), new MapOptions { Progress = reports })
            .Select(outcome => $"{outcome.Input}:{outcome.Value}").ToArray();
        var oneShot = Enumerable.Range(0, 4).ParallelMap(x => -x, options()).Sum();
        return $"{blocking}, {unordered}, {string.Join(" ", outcomes)}, {reports.Completed} of {reports.Total}, {oneShot}";
    }

    private static async Task<string> ErrorsAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<string, int>(text => int.Parse(text, CultureInfo.InvariantCulture), options());
        var failed = troupe.Submit("two");
        var behind = failed.Then(x => x + 1);
        var name = await NameOfAsync(async () => await failed);
        var nameBehind = await NameOfAsync(async () => await behind);
        var atEnd = await NameOfAsync(async () =>
        {
            await foreach (var _ in troupe.MapAsync(["1", "b", "3", "d"], new MapOptions { Errors = MapErrors.ThrowAtEnd })) ;
        });
        await using var broken = new TinyTroupe<int, int>(FailingFactory, options());
        return $"{name}, {nameBehind}, {atEnd}, {await NameOfAsync(() => broken.WhenReadyAsync())}";
    }

    private static ITinyWorker<int, int> FailingFactory(WorkerInfo info) => throw new NotSupportedException("no such device");

    private static async Task<string> TimeoutAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Task.Delay(x, token);
                return x;
            },
            options(taskTimeout: TimeSpan.FromMilliseconds(50)));
        return await NameOfAsync(async () => await await troupe.SubmitAsync(60_000));
    }

    private static async Task<string> OrderAsync(Backend options)
    {
        var started = new List<string>();
        await using var troupe = new TinyTroupe<string, int>(
            name =>
            {
                started.Add(name);   // one worker, so one at a time
                return name.Length;
            },
            options(workers: 1));
        troupe.Pause();
        TinyFuture<int>[] futures =
        [
            troupe.Submit("plain"), troupe.Submit("last", new() { Priority = -1 }), troupe.Submit("key 1", new() { Key = "key" }),
            troupe.Submit("key 2", new() { Key = "key", Priority = 1 }), troupe.Submit("first", new() { Priority = 2 }),
        ];
        var none = $"{started.Count} in the pause: {troupe.IsPaused}";
        troupe.Resume();
        _ = await TinyFuture.WhenAll(futures);
        return $"{none}; {string.Join(", ", started)}";
    }

    private static async Task<string> EachAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, int>(static info => new IndexTeller(info.Index), options(workers: 2));
        await troupe.WhenReadyAsync();
        var two = await TinyFuture.WhenAll(troupe.SubmitToEach(0));
        troupe.Resize(3);
        var three = await TinyFuture.WhenAll(troupe.SubmitToEach(0));
        var sameKey = await TinyFuture.WhenAll(Enumerable.Range(0, 20).Select(x => troupe.Submit(x, new() { Key = "session" })));
        troupe.Resize(1);
        var one = await TinyFuture.WhenAll(Enumerable.Range(0, 20).Select(x => troupe.Submit(x, new() { Key = $"session {x}" })));
        return $"{string.Join(" ", two)}, {string.Join(" ", three)}, one key on {sameKey.Distinct().Count()}, "
            + $"{troupe.Workers} left: {string.Join(" ", one.Distinct())}";
    }

    private static async Task<string> DeadlineAsync(Backend options)
    {
        var ran = 0;
        await using var troupe = new TinyTroupe<int, int>(x => ran += x, options(workers: 1));
        troupe.Pause();
        var late = troupe.Submit(1, new() { Deadline = TimeSpan.FromMilliseconds(20) });
        var name = await NameOfAsync(async () => await late);
        troupe.Resume();
        var limits = new SubmitOptions { Deadline = TimeSpan.FromMinutes(10), Timeout = TimeSpan.FromMinutes(5) };
        var inTime = await troupe.CallAsync(10, limits);
        return $"{name}, {inTime}";
    }

    private static async Task<string> ElasticAsync(Backend options)
    {
        await using var troupe = new TinyTroupe<int, int>(
            static x => x + 1, options() with { MinWorkers = 0, IdleTimeout = TimeSpan.FromMinutes(10) });
        var before = troupe.Snapshot().Workers.Count;
        var result = await troupe.CallAsync(1);
        return $"{before} at first, {result}, {troupe.Snapshot().Workers.Count} of {troupe.Workers}";
    }

    private static async Task<string> PipelineAsync(Backend options)
    {
        await using var parsers = new TinyTroupe<string, int>(static text => int.Parse(text, CultureInfo.InvariantCulture), options());
        await using var squares = new TinyTroupe<int, long>(static x => (long)x * x, options());
        await using var pipeline = parsers.Into(squares);
        var outcomes = new List<string>();
        await foreach (var outcome in pipeline.MapOutcomesAsync(["2", "three", "4"]))
            outcomes.Add(outcome.IsSuccess ? $"{outcome.Value}" : outcome.Exception!.GetType().Name);
        return $"{string.Join(" ", outcomes)}, {await pipeline.CallAsync("5")}";
    }

    private static async Task<string> BatchesAsync(Backend options)
    {
        var largest = 0;
        await using var model = new TinyTroupe<int[], int[]>(
            batch =>
            {
                largest = Math.Max(largest, batch.Length);
                return [.. batch.Select(static x => x < 0 ? throw new ArgumentException("negative") : 2 * x)];
            },
            options(workers: 1));
        await using var items = model.Batched(new BatchOptions { MaxSize = 8, IsolateFaults = true });
        var sum = 0;
        await foreach (var value in items.MapAsync(Enumerable.Range(0, 100))) sum += value;
        var failed = 0;
        await foreach (var outcome in items.MapOutcomesAsync(Enumerable.Range(-2, 10))) failed += outcome.IsSuccess ? 0 : 1;
        return $"{sum}, {failed} failed, at most 8: {largest <= 8}";
    }

    private static async Task<string> NameOfAsync(Func<Task> step)
    {
        try
        {
            await step();
            return "none";
        }
        catch (AggregateException e)
        {
            return $"{e.InnerExceptions.Count} of {e.InnerExceptions[0].GetType().Name}";
        }
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "It is refused.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "It is refused.")]
    private static string RefusalOfProcesses()
    {
        try
        {
            using var troupe = new TinyTroupe<int, int>(static x => x, new ProcessTroupeOptions { Workers = 1 });
            return $"a worker process says {troupe.Submit(1).Result()}";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private sealed class Adder(int offset) : TinyAsyncWorker<int, string>, IAsyncDisposable
    {
        private int _sum = -1;

        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            _sum = offset;
        }

        public override async ValueTask<string> CallAsync(int input, CancellationToken cancellationToken)
        {
            await Task.Yield();
            _sum += input;
            return $"+{input}={_sum}";
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class IndexTeller(int index) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => index;
    }

    private sealed class LastReport : IProgress<MapProgress>
    {
        private MapProgress _last;

        public long Completed => _last.Completed;

        public long? Total => _last.Total;

        public void Report(MapProgress value) => _last = value;
    }
}
