using System.Text;
using System.Text.RegularExpressions;
using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// Puts the results of a run (a folder of measure.sh) into pages. What stands on a page between <c>&lt;!-- run NAME TITLE --&gt;</c> and
/// <c>&lt;!-- /run --&gt;</c> is replaced by the tables of NAME.json whose titles begin with TITLE (all of them without one), by the text
/// of NAME.txt, or, for the name <c>facts</c>, by when and where it ran.
/// </summary>
internal static partial class ReportMode
{
    private const string Facts = "facts";

    /// <returns>The exit code: 0, or 1 if the folder lacks what a page asks for.</returns>
    public static int Run(string folder, string[] pages)
    {
        var complete = true;
        foreach (var page in pages)
        {
            var text = File.ReadAllText(page);
            File.WriteAllText(page, Place().Replace(text, match =>
            {
                var content = Content(folder, match.Groups["name"].Value, match.Groups["title"].Value.Trim());
                if (content.Length == 0)
                {
                    complete = false;
                    Console.Error.WriteLine($"{page}: '{folder}' has nothing for '{match.Groups["begin"].Value}'; left as it was.");
                    return match.Value;
                }

                return $"{match.Groups["begin"].Value}\n\n{content.TrimEnd()}\n\n<!-- /run -->";
            }));
        }

        return complete ? 0 : 1;
    }

    private static string Content(string folder, string name, string title)
    {
        if (name == Facts) return FactsOf(folder);
        var text = Path.Combine(folder, name + ".txt");
        if (File.Exists(text)) return $"```\n{File.ReadAllText(text).Trim()}\n```";
        var json = Path.Combine(folder, name + ".json");
        if (!File.Exists(json)) return "";
        var tables = ResultFile.Read(json).Tables.Where(table => table.Title.StartsWith(title, StringComparison.Ordinal));
        return string.Join("\n\n", tables.Select(ToMarkdown));
    }

    private static string FactsOf(string folder)
    {
        var commit = File.ReadAllText(Path.Combine(folder, "commit.txt")).Trim();
        var files = Directory.GetFiles(folder, "*.json").Select(ResultFile.Read).OrderBy(file => file.Started).ToArray();
        return $"{files[0].Started:yyyy-MM-dd}, {files[0].Started:HH:mm} to {files[^1].Started:HH:mm} UTC, commit `{commit}`,\n" +
            $"{files.First(file => !file.Machine.Contains("Python", StringComparison.Ordinal)).Machine}.";
    }

    private static string ToMarkdown(ResultTable table)
    {
        StringBuilder text = new();
        text.Append("| ").Append(table.Title).Append(" | ").AppendJoin(" | ", table.Columns.Select(column => column.Name));
        text.Append(" |\n|---|");
        foreach (var _ in table.Columns) text.Append("---:|");
        foreach (var row in table.Rows)
        {
            var name = row.Name.Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
            text.Append("\n| ").Append(row.IsBaseline ? "\\* " : "").Append(name).Append(" | ")
                .AppendJoin(" | ", table.Columns.Zip(row.Values, (column, value) => ResultLog.Text(value, column))).Append(" |");
        }

        return text.ToString();
    }

    [GeneratedRegex("(?<begin><!-- run (?<name>[^ ]+)(?<title>[^>]*) -->).*?<!-- /run -->", RegexOptions.Singleline)]
    private static partial Regex Place();
}
