using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace TinyWorker.Tests.Docs;

/// <summary>Every line of C# in docs/coming-from.md is here, so that it is compiled and run.</summary>
internal static class ComingFrom
{
    private static readonly int[] Numbers = [1, 2, 3];

    public static async Task TinyWorkerPythonAsync()
    {
        await using var squares = new TinyTroupe<double, double>(x => x * x, new() { Workers = 4 });
        await using var halves = new TinyTroupe<double, double>(x => x / 2, new() { Workers = 4 });
        var nine = squares.Submit(3).Result();
        var half = halves.Submit(squares.Submit(3));
        await using var greeters = new TinyTroupe<string, string>(worker => new Greeter("Hello"), new() { Workers = 4 });
        var soon = half.Result(TimeSpan.FromSeconds(1));
        var why = half.Exception;
        await using var spawned = new TinyTroupe<double, double>(x => x * x, new ProcessTroupeOptions { Workers = 4 });
        Assert.That((nine, soon, why, await greeters.Submit("you")), Is.EqualTo((9.0, 4.5, (Exception?)null, "Hello, you")));
        Assert.That(await spawned.Submit(3), Is.EqualTo(9.0));
    }

    public static async Task MtaskliteAsync()
    {
        List<string> told = [];
        var squares = Numbers.ParallelMap(x => x * x, new() { Workers = 4 });
        var devices = Numbers.ParallelMap(worker => new OnDevice("gpu:" + worker.Index), new() { Workers = 2 });
        var strict = Numbers.ParallelMap(x => 6 / x, options: new() { Errors = MapErrors.ThrowAtEnd });
        var sums = new[] { (Left: 1, Right: 2) }.ParallelMap(x => x.Left + x.Right);
        var loose = Numbers.ParallelMap(x => x * x, options: new() { Ordered = false, Window = 64 });
        await using var troupe = new TinyTroupe<int, int>(x => 6 / x);
        foreach (var outcome in troupe.MapOutcomes([0, 2])) told.Add(outcome.Exception?.Message ?? "fine");
        var watched = troupe.Map(Numbers, new() { Progress = new ProgressBar("squares") });
        var results = (squares.Sum(), devices.Count(), strict.Sum(), sums.Single(), loose.Sum(), watched.Count());
        Assert.That(results, Is.EqualTo((14, 3, 11, 3, 14, 3)));
        Assert.That(told[1], Is.EqualTo("fine"));
    }

    public static async Task TaskAsync()
    {
        List<string> written = [];
        await using var troupe = new TinyTroupe<int, int>(Square, new() { Workers = 2 });
        var one = Task.Run(() => Square(3));
        var two = Task.Run(() => Square(4));
        var first = troupe.Submit(3);
        var second = troupe.Submit(4);
        var both = await Task.WhenAll(one, two);
        var (three, four) = await TinyFuture.WhenAll(first, second);
        var late = await one.WaitAsync(TimeSpan.FromSeconds(1));
        var inTime = await first.WaitAsync(TimeSpan.FromSeconds(1));
        await using var writers = new TinyTroupe<string, bool>(line => { Write(line); return true; });
        await using var senders = new TinyTroupe<string, bool>(async (line, token) => { await SendAsync(line, token); return true; });
        await using var readers = new TinyTroupe<int, int>((x, token) => ReadAsync(x, token));
        Assert.That((both[0], both[1], three, four, late, inTime), Is.EqualTo((9, 16, 9, 16, 9, 9)));
        Assert.That((await writers.Submit("a"), await senders.Submit("b"), await readers.Submit(5)), Is.EqualTo((true, true, 5)));
        Assert.That(written, Is.EqualTo(new[] { "a", "b" }));

        void Write(string line) => written.Add(line);

        async Task SendAsync(string line, CancellationToken token)
        {
            await Task.Delay(1, token);
            Write(line);
        }

        static int Square(int x) => x * x;

        static async ValueTask<int> ReadAsync(int x, CancellationToken token)
        {
            await Task.Delay(1, token);
            return x;
        }
    }

    public static async Task ForEachAsyncAsync()
    {
        var sum = 0;
        await Parallel.ForEachAsync(Numbers, async (x, token) => Interlocked.Add(ref sum, await SquareAsync(x, token)));
        await foreach (var square in Numbers.ParallelMapAsync((x, token) => SquareAsync(x, token))) sum += square;
        await using var troupe = new TinyTroupe<int, int>(SquareAsync, new PoolTroupeOptions { Workers = 64 });
        await foreach (var square in troupe.MapAsync(Numbers)) sum += square;
        Assert.That(sum, Is.EqualTo(42));
    }

    public static async Task TransformBlockAsync()
    {
        var block = new TransformBlock<int, int>(x => x * x, new() { MaxDegreeOfParallelism = 4, BoundedCapacity = 1024 });
        await block.SendAsync(3);
        var received = await block.ReceiveAsync();
        await using var troupe = new TinyTroupe<int, int>(x => x * x, new() { Workers = 4, Capacity = 1024 });
        var future = await troupe.SubmitAsync(3);
        var squared = await future;
        await using var doublers = new TinyTroupe<int, int>(x => x * 2);
        var doubled = await doublers.Submit(future);
        block.Complete();
        await block.Completion;
        await troupe.DisposeAsync();
        Assert.That((received, squared, doubled), Is.EqualTo((9, 9, 18)));
    }

    public static void Plinq()
    {
        var plinq = Numbers.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(x => x * x);
        var mapped = Numbers.ParallelMap(x => x * x, new() { Workers = 4 });
        var unordered = Numbers.ParallelMap(x => x * x, options: new() { Ordered = false });
        Assert.That((plinq.Sum(), mapped.Sum(), unordered.Sum()), Is.EqualTo((14, 14, 14)));
    }

    public static async Task ChannelAsync()
    {
        var channel = Channel.CreateBounded<(int Input, TaskCompletionSource<int> Result)>(1024);
        var loop = Task.Run(async () => { await foreach (var (x, result) in channel.Reader.ReadAllAsync()) result.SetResult(x * x); });
        var promise = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await channel.Writer.WriteAsync((3, promise));
        channel.Writer.Complete();
        await loop;
        await using var troupe = new TinyTroupe<int, int>(x => x * x, new() { Workers = 4, Capacity = 1024 });
        var result = await troupe.CallAsync(3);
        var accepted = troupe.TrySubmit(3, out var future);
        await troupe.StopAsync(CancellationToken.None);
        Assert.That((await promise.Task, result, accepted, future!.Result()), Is.EqualTo((9, 9, true, 9)));
    }

    public static async Task BatchBlockAsync()
    {
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text));
        await using var squares = new TinyTroupe<int[], int[]>(batch => [.. batch.Select(x => x * x)], new() { Workers = 1 });
        var groups = new BatchBlock<int>(32);
        var batched = squares.Batched(new() { MaxSize = 32 });
        var patient = squares.Batched(new() { MaxDelay = TimeSpan.FromMilliseconds(10) });
        var chained = parsers.Into(batched);
        var runs = new TransformBlock<int[], int[]>(batch => [.. batch.Select(x => x * x)]);
        groups.LinkTo(runs);
        await groups.SendAsync(3);
        groups.TriggerBatch();
        var nine = await batched.CallAsync(3);
        var received = await runs.ReceiveAsync();
        Assert.That((nine, received.Single(), await patient.CallAsync(4), await chained.CallAsync("5")), Is.EqualTo((9, 9, 16, 25)));
    }

    public static async Task PQueueAsync()
    {
        using var stop = new CancellationTokenSource();
        await using var queue = new TinyTroupe<int, int>(SquareAsync, new PoolTroupeOptions { Workers = 4 });
        var plain = await queue.SubmitAsync(3);
        queue.Pause();
        var urgent = await queue.SubmitAsync(3, new() { Priority = 1 });
        var limited = await queue.SubmitAsync(3, new() { Timeout = TimeSpan.FromSeconds(5) });
        var stoppable = await queue.SubmitAsync(3, stop.Token);
        Assert.That(urgent.IsCompleted, Is.False);
        queue.Resume();
        queue.Resize(2);
        await queue.WhenIdleAsync();
        var (waiting, running) = (queue.Snapshot().Waiting, queue.Snapshot().Running);
        Assert.That((waiting, running, await plain, await urgent, await limited, await stoppable), Is.EqualTo((0, 0, 9, 9, 9, 9)));
    }

    public static async Task PiscinaAsync()
    {
        using var stop = new CancellationTokenSource();
        await using var pool = new TinyTroupe<int, int>(x => x * x, new() { MinWorkers = 1, Workers = 4 });
        var squared = await pool.CallAsync(3, stop.Token);
        var ofAnn = pool.Submit(3, new() { Key = "ann" });
        await pool.DisposeAsync();
        pool.Abort();
        Assert.That((squared, await ofAnn), Is.EqualTo((9, 9)));
    }

    public static async Task RayServeAsync()
    {
        await using var models = new TinyTroupe<float[], float[]>(worker => new Doubler(), new() { Workers = 2 });
        var served = models.Batched(new() { MaxSize = 32, MaxDelay = TimeSpan.FromMilliseconds(10) });
        var six = await served.CallAsync(3);
        Assert.That(six, Is.EqualTo(6));
    }

    public static async Task HashingAsync()
    {
        await using var carts = new TinyTroupe<string, int>(worker => new Counter(), new() { Workers = 4 });
        var keyed = carts.Submit("ann", new() { Key = "ann" });
        var next = carts.Submit("ann", new() { Key = "ann" });
        Assert.That((await keyed, await next), Is.EqualTo((1, 2)));
        carts.Resize(3);
        Assert.That(await carts.Submit("bob", new() { Key = "bob" }), Is.EqualTo(1));
    }

    private static async Task<int> SquareAsync(int x, CancellationToken token)
    {
        await Task.Delay(1, token);
        return x * x;
    }

    private sealed class Greeter(string greeting) : TinyWorker<string, string>
    {
        public override string Call(string input, CancellationToken cancellationToken) => $"{greeting}, {input}";
    }

    private sealed class OnDevice(string device) : TinyWorker<int, string>
    {
        public override string Call(int input, CancellationToken cancellationToken) => $"{input} on {device}";
    }

    private sealed class Doubler : TinyWorker<float[], float[]>
    {
        public override float[] Call(float[] inputs, CancellationToken cancellationToken) => [.. inputs.Select(x => 2 * x)];
    }

    private sealed class Counter : TinyWorker<string, int>
    {
        private readonly Dictionary<string, int> _counts = [];

        public override int Call(string input, CancellationToken cancellationToken) =>
            _counts[input] = _counts.GetValueOrDefault(input) + 1;
    }
}
