using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>
/// A page for people: a README, CONTRIBUTING.md or a page of docs/. A sample is a block of C# after a mark that names the file of an
/// example. A block of text right after the sample is the output of that example.
/// </summary>
internal sealed partial class Page
{
    public static readonly string[] All =
    [
        "README.md", "CONTRIBUTING.md", "TinyWorker.Benchmarks/README.md", "TinyWorker.Console/README.md",
        "TinyWorker.Hosting/README.md", "TinyWorker.Dashboard/README.md",
        "TinyWorker.RabbitMQ/README.md", "TinyWorker.RabbitMQ.Hosting/README.md",
        .. In("docs"), .. In("docs/decisions"),
    ];

    public Page(string path)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), path));
        LineCount = text.AsSpan().Count('\n');
        MarkCount = Mark().Count(text);
        CodeBlockCount = CodeBlock().Count(text);
        TextBlockCount = TextBlock().Count(text);
        Links = [.. Link().Matches(text).Select(match => match.Groups[1].Value)];
        Headings = [.. Heading().Matches(text).Select(match => match.Groups[1].Value)];
        Samples = [.. Sample().Matches(text).Select(match => new PageSample(
            match.Groups["file"].Value,
            match.Groups["code"].Value,
            match.Groups["output"] is { Success: true } output ? output.Value : null))];
    }

    public PageSample[] Samples { get; }

    public int LineCount { get; }

    public int MarkCount { get; }

    public int CodeBlockCount { get; }

    public int TextBlockCount { get; }

    public string[] Links { get; }

    public string[] Headings { get; }

    private static IEnumerable<string> In(string folder) =>
        Directory.GetFiles(Path.Combine(RepositoryRoot.Find(), folder), "*.md")
            .Select(path => folder + "/" + Path.GetFileName(path))
            .Order(StringComparer.Ordinal);

    [GeneratedRegex("<!-- sample: ")]
    private static partial Regex Mark();

    [GeneratedRegex(
        @"<!-- sample: (?<file>\S+) -->\n```csharp\n(?<code>.*?)```\n(\n```text\n(?<output>.*?)```\n)?", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex("^ *```(csharp|cs|c#)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("^ *```text", RegexOptions.Multiline)]
    private static partial Regex TextBlock();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
