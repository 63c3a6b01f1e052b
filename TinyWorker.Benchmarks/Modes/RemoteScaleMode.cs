using System.Diagnostics;
using System.Globalization;
using TinyWorker.Benchmarks.Remote;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// What do quorum queues take, and what does a message cost the broker? One, two and four queues side by side, with RabbitMQ.Client alone:
/// a process publishes and waits for confirms, another one takes and acknowledges.
/// </summary>
internal static class RemoteScaleMode
{
    private const int Rounds = 3;
    private const double Seconds = 3;   // of one turn
    private const int InFlight = 512;   // in all queues together

    // A message of 100 bytes on three nodes took 137 µs: followers 29 %, channels, connections and the rest 37 %, the leader 20 %, the
    // three logs 14 %. The flush is assumed: that of a disk for servers.
    private static readonly MessageCosts Measured = new(Others: 90, Leader: 27, LogEntry: 6.4, Flush: 500);

    // Nodes of 4, 8 and 16 cores; queues and tasks of the whole cluster.
    private static readonly (int Cores, int Queues, double Rate)[] Simulated =
    [
        (8, 2, 10_000), (8, 2, 20_000), (8, 2, 30_000), (8, 2, 40_000), (8, 6, 40_000), (8, 16, 40_000), (8, 16, 60_000),
        (16, 16, 60_000), (16, 16, 80_000), (16, 32, 80_000),
    ];

    private static readonly int[] Queues = [1, 2, 4];
    private static readonly int[] Sizes = [100, 10_000];

    /// <param name="arguments"><c>3</c> for three nodes; <c>simulate</c> for the simulation alone.</param>
    public static async Task RunAsync(string[] arguments)
    {
        if (arguments.Contains("simulate"))
        {
            Simulate();
            return;
        }

        var nodes = arguments.Contains("3") ? 3 : 1;
        await using var broker = await PrivateBroker.StartAsync(nodes);
        Console.WriteLine(
            $"{"nodes",5} {"queues",6} {"bytes",6} {"messages/s",11} {"broker µs",10} " +
            $"{"publisher µs",13} {"consumer µs",12} {"disk bytes",11}");
        foreach (var bytes in Sizes)
        {
            foreach (var queues in Queues)
                await MeasureAsync(broker, nodes, queues, bytes);
        }
    }

    private static void Simulate()
    {
        Console.WriteLine($"{"cores",5} {"queues",6} {"tasks/s",8} {"median ms",10} {"p99 ms",8} {"cores",6} {"leader",7} {"log",6}");
        foreach (var (cores, queues, rate) in Simulated)
        {
            var result = ShardSimulation.Run(Measured, cores, queues, rate);
            Console.WriteLine(
                $"{cores,5} {queues,6} {rate,8:N0} {result.Median,10:F1} {result.P99,8:F1} " +
                $"{result.Cores,6:P0} {result.Leader,7:P0} {result.Log,6:P0}" +
                (result.FallsBehind ? "  falls behind" : ""));
        }
    }

    private static async Task MeasureAsync(PrivateBroker broker, int nodes, int queues, int bytes)
    {
        var names = string.Create(CultureInfo.InvariantCulture, $"flow-{Guid.NewGuid():N}*{queues}");
        using var consumer = await RemoteChild.StartAsync(RemoteChildProgram.FlowConsumer, broker.HostUri, names);
        using var publisher = await RemoteChild.StartAsync(RemoteChildProgram.FlowPublisher, broker.SubmitterUri, names);
        await TurnAsync(broker, publisher, consumer, bytes);   // compiles
        var workBefore = await broker.WorkAsync();
        List<Turn> turns = [];
        for (var round = 0; round < Rounds; round++)
            turns.Add(await TurnAsync(broker, publisher, consumer, bytes));
        var workAfter = await broker.WorkAsync();

        var best = turns.MaxBy(turn => turn.Rate)!;
        Console.WriteLine(
            $"{nodes,5} {queues,6} {bytes,6} {best.Rate,11:N0} {turns.Min(turn => turn.Broker),10:F1} " +
            $"{turns.Min(turn => turn.Publisher),13:F1} {turns.Min(turn => turn.Consumer),12:F1} {best.Written,11:N0}");
        var work = workAfter.ToDictionary(entry => entry.Key, entry => entry.Value - workBefore.GetValueOrDefault(entry.Key));
        var sum = work.Values.Sum();
        Console.WriteLine("      share of the broker's work: " + string.Join(
            ", ", work.OrderByDescending(entry => entry.Value).Select(entry => $"{entry.Key} {entry.Value / sum:P0}")));
    }

    private static async Task<Turn> TurnAsync(PrivateBroker broker, RemoteChild publisher, RemoteChild consumer, int bytes)
    {
        var (taken, written, processor) = (await consumer.CountAsync(), broker.WrittenBytes, broker.ProcessorSeconds);
        var (publisherBefore, consumerBefore) = (await publisher.UsageAsync(), await consumer.UsageAsync());
        var started = Stopwatch.GetTimestamp();
        var (count, _, _) = await publisher.LoadAsync(InFlight, bytes, Seconds);
        while (await consumer.CountAsync() < taken + count)
            await Task.Delay(1);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (publisherAfter, consumerAfter) = (await publisher.UsageAsync(), await consumer.UsageAsync());
        return new(
            count / elapsed,
            (broker.ProcessorSeconds - processor) / count * 1e6,
            (publisherAfter.Processor - publisherBefore.Processor) / count * 1e6,
            (consumerAfter.Processor - consumerBefore.Processor) / count * 1e6,
            (broker.WrittenBytes - written) / count);
    }

    /// <summary>Messages a second; microseconds of processor time for each of them; bytes that the nodes wrote for each.</summary>
    private sealed record Turn(double Rate, double Broker, double Publisher, double Consumer, double Written);
}
