using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>
/// A README or a page of docs/. A sample on it is a block of C# behind a mark that names the file of an example; a block of text behind that is
/// what the example prints.
/// </summary>
internal sealed partial class Page
{
    public static readonly string[] All =
        ["README.md", "TinyWorker.Console/README.md", .. Directory.GetFiles(Path.Combine(RepositoryRoot.Find(), "docs"), "*.md").Select(path => "docs/" + Path.GetFileName(path)).Order(StringComparer.Ordinal)];

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
            match.Groups["file"].Value, match.Groups["code"].Value, match.Groups["output"] is { Success: true } output ? output.Value : null))];
    }

    public PageSample[] Samples { get; }

    public int LineCount { get; }

    public int MarkCount { get; }

    public int CodeBlockCount { get; }

    public int TextBlockCount { get; }

    public string[] Links { get; }

    public string[] Headings { get; }

    [GeneratedRegex("<!-- sample: ")]
    private static partial Regex Mark();

    [GeneratedRegex(@"<!-- sample: (?<file>\S+) -->\n```csharp\n(?<code>.*?)```\n(\n```text\n(?<output>.*?)```\n)?", RegexOptions.Singleline)]
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
