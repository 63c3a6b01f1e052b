using System.Globalization;
using System.Runtime.InteropServices;

namespace TinyWorker.Benchmarks.Results;

/// <summary>Prints the tables of a mode when they are there, and writes them to a file at the end if the user has named one.</summary>
internal sealed class ResultLog
{
    private const string Option = "--json";
    private const int NameWidth = 46;

    private readonly List<ResultTable> _tables = [];
    private readonly DateTime _started = TimeProvider.System.GetUtcNow().UtcDateTime;
    private readonly string _command;
    private readonly string? _path;

    /// <param name="mode">The name of the mode.</param>
    /// <param name="arguments">What follows the name on the command line.</param>
    /// <param name="rest">The arguments without <c>--json FILE</c>.</param>
    public ResultLog(string mode, string[] arguments, out string[] rest)
    {
        var option = Array.IndexOf(arguments, Option);
        if (option >= 0 && option + 1 == arguments.Length) throw new ArgumentException($"{Option} needs the name of a file.");
        _path = option < 0 ? null : arguments[option + 1];
        rest = option < 0 ? arguments : [.. arguments[..option], .. arguments[(option + 2)..]];
        _command = string.Join(' ', [mode, .. rest]);
    }

    public void Add(ResultTable table)
    {
        _tables.Add(table);
        Console.WriteLine();
        var names = table.Columns.Select(column => column.Name.PadLeft(Width(column)));
        Console.WriteLine($"{table.Title,-NameWidth} {string.Join(' ', names)}");
        foreach (var row in table.Rows)
        {
            var values = table.Columns.Zip(row.Values, (column, value) => Text(value, column).PadLeft(Width(column)));
            Console.WriteLine($"{(row.IsBaseline ? "* " : "  ") + row.Name,-NameWidth} {string.Join(' ', values)}");
        }
    }

    public void Write()
    {
        if (_path is not null) new ResultFile(_command, _started, Machine(), _tables).Write(_path);
    }

    public static string Text(double? value, ResultColumn column) =>
        value?.ToString(column.Format, CultureInfo.InvariantCulture) ?? "";

    private static int Width(ResultColumn column) => Math.Max(9, column.Name.Length);

    private static string Machine()
    {
        const string Processors = "/proc/cpuinfo";
        var lines = File.Exists(Processors) ? File.ReadLines(Processors) : [];
        var processor = lines.FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        return $"{processor ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores, " +
            $"{RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.FrameworkDescription}";
    }
}
