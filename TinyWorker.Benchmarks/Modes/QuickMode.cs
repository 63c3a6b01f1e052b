using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// The same benchmarks in seconds, for development. The peers take turns within each round, so that other work on the machine
/// slows all of them alike and the ratios stay right.
/// </summary>
internal static class QuickMode
{
    // Until tiered compilation has finished with the hot paths: the first versions are twice as slow.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    private const int Rounds = 7;

    // The same number as BenchmarkDotNet runs between two collections. With a single invocation nothing would be collected while
    // the clock runs, and peers that allocate much would look up to twice as fast as they are.
    private const int InvocationsPerRound = BenchmarkConfig.InvocationsPerIteration;

    // A peer that hangs fails with its name. Bounded channels can hang: dotnet/runtime#131141.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly ResultColumn[] Columns =
    [
        new("ns/item", "F1"), new("min", "F1"), new("max", "F1"), new("Ratio", "F2"), new("B/item", "F1"), new("Alloc", "F2"),
    ];

    /// <returns>The exit code: 0, or 1 if no class has such a name or the peers of a group have different results.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var log = new ResultLog("quick", arguments, out var rest);
        var filter = rest.FirstOrDefault() ?? "";
        var classes = typeof(QuickMode).Assembly.GetExportedTypes()
            .Where(type => type.Name.EndsWith("Benchmarks", StringComparison.Ordinal))
            .Where(type => type.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .ToArray();
        if (classes.Where(type => type.Name == filter).ToArray() is [var named]) classes = [named];   // not those whose names contain it
        if (classes.Length == 0)
        {
            Console.Error.WriteLine($"No benchmark class has '{filter}' in its name.");
            return 1;
        }

        var agreed = true;
        foreach (var type in classes)
            agreed &= await RunClassAsync(type, log);
        log.Write();
        return agreed ? 0 : 1;
    }

    private static async Task<bool> RunClassAsync(Type type, ResultLog log)
    {
        var instance = Activator.CreateInstance(type)!;
        await CallMarkedAsync<GlobalSetupAttribute>(instance);

        var groups = type.GetMethods()
            .Where(method => method.IsDefined(typeof(BenchmarkAttribute)))
            .Select(method => new Peer(instance, method))
            .GroupBy(peer => peer.Category);
        var agreed = true;
        foreach (var group in groups)
        {
            Peer[] peers = [.. group];
            await MeasureAsync(peers);
            log.Add(ToTable($"{type.Name} {group.Key}".TrimEnd(), peers));
            foreach (var peer in peers.Where(peer => peer.Checksum != peers[0].Checksum))
            {
                Console.WriteLine($"  WRONG RESULT: the sum of '{peer.Description}' is {peer.Checksum}, not {peers[0].Checksum}");
                agreed = false;
            }
        }

        await CallMarkedAsync<GlobalCleanupAttribute>(instance);
        return agreed;
    }

    private static async Task MeasureAsync(Peer[] peers)
    {
        foreach (var peer in peers)
        {
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < WarmUp;)
                await peer.RunAsync(Deadline);
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var peer in peers)
                await peer.MeasureAsync(Deadline);
        }
    }

    private static ResultTable ToTable(string title, Peer[] peers)
    {
        var baseline = peers.Single(peer => peer.IsBaseline);
        return new(title, Columns, [.. peers.Select(ToRow)]);

        ResultRow ToRow(Peer peer)
        {
            double? allocationRatio = baseline.MedianBytes < 0.5 ? null : peer.MedianBytes / baseline.MedianBytes;
            return new(
                peer.Description,
                [
                    peer.MedianNanoseconds, peer.Nanoseconds.Min(), peer.Nanoseconds.Max(), peer.RatioTo(baseline),
                    peer.MedianBytes, allocationRatio,
                ],
                peer.IsBaseline);
        }
    }

    private static async Task CallMarkedAsync<TAttribute>(object instance)
        where TAttribute : Attribute
    {
        foreach (var method in instance.GetType().GetMethods().Where(method => method.IsDefined(typeof(TAttribute))))
        {
            if (method.Invoke(instance, null) is Task task)
                await task;
        }
    }

    private sealed class Peer
    {
        private readonly Func<long>? _synchronous;
        private readonly Func<Task<long>>? _asynchronous;
        private readonly int _items;
        private readonly List<double> _bytes = [];

        public Peer(object instance, MethodInfo method)
        {
            var attribute = method.GetCustomAttribute<BenchmarkAttribute>()!;
            Description = attribute.Description ?? method.Name;
            IsBaseline = attribute.Baseline;
            Category = method.GetCustomAttribute<BenchmarkCategoryAttribute>()?.Categories.FirstOrDefault() ?? "";
            _items = attribute.OperationsPerInvoke;
            if (method.ReturnType == typeof(long))
                _synchronous = method.CreateDelegate<Func<long>>(instance);
            else
                _asynchronous = method.CreateDelegate<Func<Task<long>>>(instance);
        }

        public string Description { get; }

        public string Category { get; }

        public bool IsBaseline { get; }

        public List<double> Nanoseconds { get; } = [];

        public double MedianNanoseconds => Medians.Of(Nanoseconds);

        public double MedianBytes => Medians.Of(_bytes);

        public long Checksum { get; private set; }

        /// <summary>The median of the ratios of the rounds.</summary>
        public double RatioTo(Peer baseline) => Medians.OfRatios(Nanoseconds, baseline.Nanoseconds);

        public async Task MeasureAsync(TimeSpan deadline)
        {
            // Each turn starts with a clean heap: no peer pays for the garbage of the peer before it.
            GC.Collect();
            GC.WaitForPendingFinalizers();

            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < InvocationsPerRound; i++)
                await RunAsync(deadline);
            var elapsed = Stopwatch.GetElapsedTime(started);
            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;

            Nanoseconds.Add(elapsed.TotalNanoseconds / InvocationsPerRound / _items);
            _bytes.Add((double)bytes / InvocationsPerRound / _items);
        }

        public async Task RunAsync(TimeSpan deadline)
        {
            // Every peer starts outside of the pool, as in BenchmarkDotNet. On the pool a blocking peer would occupy a thread that it may
            // need, and Task.Run would use the local queue of that thread.
            var run = Task.Factory.StartNew(
                () => _synchronous is not null ? Task.FromResult(_synchronous()) : _asynchronous!(),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap();
            try
            {
                Checksum = await run.WaitAsync(deadline);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"'{Description}' did not end within {deadline.TotalSeconds} s: it hangs.");
            }
        }
    }
}
