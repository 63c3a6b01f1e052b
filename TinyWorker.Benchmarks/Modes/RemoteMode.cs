using TinyWorker.Benchmarks.Remote;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// What does a task on another machine cost, compared with RabbitMQ.Client alone in the same topology? Each peer has a submitter and a host
/// in two processes, which live through the whole run. The peers take turns, so that other work on the machine slows both alike.
/// </summary>
internal static class RemoteMode
{
    private const int Rounds = 5;
    private const double Seconds = 2;         // of one turn
    private const int Small = 100;            // bytes
    private const int Large = 1_000_000;

    private static readonly (int InFlight, int Bytes)[] Cases = [(1, Small), (64, Small), (512, Small), (1, Large), (8, Large)];

    /// <param name="arguments">Any of: <c>3</c> for three nodes, <c>bare</c> for the peer alone, <c>small</c> for 100 bytes alone.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var broker = await PrivateBroker.StartAsync(nodes: arguments.Contains("3") ? 3 : 1);
        List<RemotePeer> peers = [await RemotePeer.StartAsync("RabbitMQ.Client", "bare", broker)];
        try
        {
            if (!arguments.Contains("bare")) peers.Add(await RemotePeer.StartAsync("TinyWorker.RabbitMQ", "troupe", broker));
            foreach (var (inFlight, bytes) in Cases.Where(@case => @case.Bytes == Small || !arguments.Contains("small")))
                await MeasureAsync(peers, inFlight, bytes);
        }
        finally
        {
            foreach (var peer in peers)
                peer.Dispose();
        }

        return 0;
    }

    private static async Task MeasureAsync(List<RemotePeer> peers, int inFlight, int bytes)
    {
        List<RemoteRound>[] rounds = [.. peers.Select(_ => new List<RemoteRound>())];
        foreach (var peer in peers)
            await peer.RunAsync(inFlight, bytes, Seconds);   // compiles
        for (var round = 0; round < Rounds; round++)
        {
            // Each peer is first in turn.
            for (var i = 0; i < peers.Count; i++)
            {
                var turn = (i + round) % peers.Count;
                rounds[turn].Add(await peers[turn].RunAsync(inFlight, bytes, Seconds));
            }
        }

        Console.WriteLine();
        Console.WriteLine(
            $"{$"{inFlight} in flight, {bytes:N0} bytes",-32} {"tasks/s",9} {"ratio",6} {"median ms",10} {"ratio",6} {"processor µs",13} " +
            $"{"ratio",6} {"submitter",10} {"host",6} {"broker",7} {"B/task",9}");
        for (var i = 0; i < peers.Count; i++)
        {
            var (mine, baseline) = (RemoteRound.BestOf(rounds[i]), RemoteRound.BestOf(rounds[0]));
            Console.WriteLine(
                $"{peers[i].Name,-32} {mine.Rate,9:N0} {baseline.Rate / mine.Rate,6:F2} " +
                $"{mine.Median,10:F2} {mine.Median / baseline.Median,6:F2} " +
                $"{mine.Processor,13:F1} {mine.Processor / baseline.Processor,6:F2} " +
                $"{mine.Submitter,10:F1} {mine.Host,6:F1} {mine.Broker,7:F0} {mine.Allocated,9:N0}");
        }
    }
}
