using System.Globalization;
using System.Text.RegularExpressions;
using TinyWorker.RabbitMQ.Tests;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>
/// A broker of one or three nodes on this machine, which ends with the benchmark, as those of the tests do. The variable TINYWORKER_AMQP
/// names another broker instead.
/// </summary>
internal sealed partial class PrivateBroker : IAsyncDisposable
{
    private const string WorkScript = """
        Kind = fun(P) ->
            Call = case erlang:process_info(P, [dictionary]) of
                [{dictionary, D}] -> case proplists:get_value('$initial_call', D) of {M, _, _} -> M; _ -> none end;
                _ -> none end,
            case {Call, erlang:process_info(P, registered_name)} of
                {_, {_, ra_log_wal}} -> wal;
                {_, {_, ra_log_segment_writer}} -> segments;
                {ra_server_proc, _} -> queues;
                {rabbit_channel, _} -> channels;
                {rabbit_reader, _} -> readers;
                {rabbit_writer, _} -> writers;
                _ -> others end end,
        Add = fun(P, Sums) -> case erlang:process_info(P, reductions) of
            {_, R} -> K = Kind(P), maps:put(K, R + maps:get(K, Sums, 0), Sums); _ -> Sums end end,
        [list_to_atom(atom_to_list(K) ++ "=" ++ integer_to_list(V)) || {K, V} <- maps:to_list(lists:foldl(Add, #{}, processes()))].
        """;

    private readonly BrokerYard? _yard;
    private readonly IReadOnlyList<RabbitNode> _nodes;

    private PrivateBroker(BrokerYard? yard, IReadOnlyList<RabbitNode> nodes, string[] uris) => (_yard, _nodes, Uris) = (yard, nodes, uris);

    /// <summary>A URI for each node.</summary>
    public string[] Uris { get; }

    public string SubmitterUri => Uris[0];

    /// <summary>The last node: with three nodes another one than the submitter's.</summary>
    public string HostUri => Uris[^1];

    /// <summary>Seconds of processor time of all nodes so far; NaN if it is not known.</summary>
    public double ProcessorSeconds => _nodes.Count == 0 ? double.NaN : _nodes.Sum(node => ProcessorSecondsOf(node.ProcessId));

    /// <summary>Bytes that all nodes have written to disk so far; NaN if it is not known.</summary>
    public double WrittenBytes => _nodes.Count == 0 ? double.NaN : _nodes.Sum(node => WrittenBytesOf(node.ProcessId));

    public static async Task<PrivateBroker> StartAsync(int nodes)
    {
        if (Environment.GetEnvironmentVariable("TINYWORKER_AMQP") is { Length: > 0 } uri) return new(null, [], [uri]);
        Console.WriteLine(nodes == 1 ? "Starting a node of RabbitMQ..." : $"Starting {nodes} nodes of RabbitMQ...");
        var yard = await BrokerYard.MakeAsync();
        if (nodes == 3)
        {
            var cluster = await RabbitCluster.StartAsync(yard);
            return new(yard, cluster.Nodes, [.. cluster.Nodes.Select(node => node.Uri)]);
        }

        var alone = new RabbitNode(yard, "n1");
        await alone.StartAsync();
        return new(yard, [alone], [alone.Uri]);
    }

    /// <summary>
    /// How many reductions, Erlang's measure of work, the processes of all nodes have done so far, by what they are. The keys are
    /// <c>leaders</c> and <c>followers</c> (of quorum queues that were declared at the host's node), <c>wal</c> (the logs, of which each
    /// node has one), <c>segments</c>, <c>channels</c>, <c>readers</c>, <c>writers</c> and <c>others</c>.
    /// </summary>
    public async Task<Dictionary<string, double>> WorkAsync()
    {
        Dictionary<string, double> sums = [];
        foreach (var node in _nodes)
        {
            foreach (Match match in WorkEntry().Matches(await node.CtlAsync("eval", WorkScript)))
            {
                var kind = match.Groups[1].Value is "queues" ? node == _nodes[^1] ? "leaders" : "followers" : match.Groups[1].Value;
                sums[kind] = sums.GetValueOrDefault(kind) + Number(match.Groups[2].Value);
            }
        }

        return sums;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.KillAsync();
        if (_yard is not null) await _yard.CloseAsync();
    }

    // /proc/PID/stat: after the name of the program, which may contain anything, the 12th and 13th field, in hundredths of a second.
    private static double ProcessorSecondsOf(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / 100.0;
    }

    private static double WrittenBytesOf(int process) =>
        Number(File.ReadLines($"/proc/{process}/io").First(line => line.StartsWith("write_bytes", StringComparison.Ordinal)).Split(' ')[1]);

    [GeneratedRegex(@"(\w+)=(\d+)")]
    private static partial Regex WorkEntry();

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
