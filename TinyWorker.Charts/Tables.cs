using System.Text.Json;
using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Charts;

/// <summary>A bar: who, and the nanoseconds of an item.</summary>
internal sealed record Peer(string Name, double Nanoseconds)
{
    public bool IsOurs => Name.StartsWith("TinyWorker", StringComparison.Ordinal);
}

/// <summary>Peers that answer the same question.</summary>
internal sealed record Group(string Question, IReadOnlyList<Peer> Peers);

/// <summary>The results in a folder: of the modes (quick, sizes, peers.py) or of BenchmarkDotNet's full JSON exporter.</summary>
internal sealed class Tables(string folder)
{
    // The main classes, in the order of the picture, and the question of each.
    private static readonly (string Class, string Question)[] Classes =
    [
        ("SubmitBenchmarks", "Many tasks"),
        ("RoundTripBenchmarks", "One task at a time"),
        ("ChainBenchmarks", "Two stages"),
        ("AsyncBenchmarks", "64 asynchronous calls at a time"),
        ("MapBenchmarks", "An ordered map"),
        ("ProcessManyBenchmarks", "Many tasks for four processes"),
        ("ProcessRoundTripBenchmarks", "One task at a time, in another process"),
    ];

    // Python's tables, and the questions that they answer.
    private static readonly (string Title, string Row, string Question)[] Python =
    [
        ("Python: many, processes", "ProcessPoolExecutor, submit", "Many tasks for four processes"),
        ("Python: one at a time", "ProcessPoolExecutor", "One task at a time, in another process"),
    ];

    public IReadOnlyList<Group> InGroups()
    {
        var groups = Directory.GetFiles(folder, "quick*.json").Order(StringComparer.Ordinal).SelectMany(OfQuick)
            .Concat(Directory.GetFiles(folder, "*-report-full.json").SelectMany(OfBenchmarkDotNet)).ToArray();
        return [.. Classes.SelectMany(each => groups.Where(group => group.Class == each.Class).Select(group => new Group(
            group.Category.Length == 0 ? each.Question : $"{each.Question}, {group.Category}",
            [.. group.Peers, .. OfPython(each.Question)])))];
    }

    public ResultTable? Sizes()
    {
        var path = Path.Combine(folder, "sizes.json");
        return File.Exists(path) ? ResultFile.Read(path).Tables[0] : null;
    }

    private static IEnumerable<(string Class, string Category, Peer[] Peers)> OfQuick(string path) =>
        ResultFile.Read(path).Tables.Select(table => table.Title.Split(' ', 2) is [var name, var category]
            ? (name, category, Peers(table))
            : (table.Title, "", Peers(table)));

    private static Peer[] Peers(ResultTable table) => [.. table.Rows.Select(row => new Peer(row.Name, row.Values[0]!.Value))];

    // It does not tell the categories: a class is one group.
    private static IEnumerable<(string Class, string Category, Peer[] Peers)> OfBenchmarkDotNet(string path)
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. report.RootElement.GetProperty("Benchmarks").EnumerateArray()
            .GroupBy(benchmark => benchmark.GetProperty("Type").GetString()!)
            .Select(benchmarks => (benchmarks.Key, "", benchmarks.Select(benchmark => new Peer(
                benchmark.GetProperty("MethodTitle").GetString()!.Trim('\''),
                benchmark.GetProperty("Statistics").GetProperty("Median").GetDouble())).ToArray()))];
    }

    private IEnumerable<Peer> OfPython(string question)
    {
        var path = Path.Combine(folder, "python.json");
        if (!File.Exists(path)) return [];
        var tables = ResultFile.Read(path).Tables;
        return [.. Python.Where(each => each.Question == question).Select(each => new Peer(
            $"Python, {each.Row}",
            tables.Single(table => table.Title == each.Title).Rows.Single(row => row.Name == each.Row).Values[0]!.Value))];
    }
}
