using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>The samples on the pages are exactly the code of the examples, and the examples print what the pages say.</summary>
internal sealed partial class PageTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);   // the longest takes ten seconds on an idle machine

    private static readonly PageSample[] Samples = [.. Page.All.SelectMany(page => new Page(page).Samples)];

    private static readonly string[] Shown = [.. Samples.Select(sample => sample.File).Distinct().Where(CanRun)];

    // Ten millions of tasks take seconds in Release, and more than a minute in Debug while the coverage is measured.
    private static IEnumerable<TestCaseData> ShownExamples => Shown.Select(file =>
        LongTests.IsDebug && file == "TinyWorker.Examples/Lines.cs"
            ? new TestCaseData(file).SetCategory(LongTests.Category)
            : new TestCaseData(file));

    [TestCaseSource(typeof(Page), nameof(Page.All))]
    public void Page_EverySample_IsTheExamplesCode(string path)
    {
        var page = new Page(path);

        Assert.That(page.Samples, Has.Length.EqualTo(page.MarkCount), "marks that a block of C# follows at once");
        using (Assert.EnterMultipleScope())
        {
            foreach (var sample in page.Samples)
                Assert.That(sample.Code, Is.EqualTo(CodeOf(sample.File)), sample.File);
        }
    }

    [TestCaseSource(typeof(Page), nameof(Page.All))]
    public void Page_EveryBlockOfCSharpOrText_IsASampleOrItsOutput(string path)
    {
        var page = new Page(path);

        Assert.That(page.CodeBlockCount, Is.EqualTo(page.Samples.Length), "blocks of C#, and those marked as samples");
        var outputs = page.Samples.Count(sample => sample.Output is not null);
        Assert.That(page.TextBlockCount, Is.EqualTo(outputs), "blocks of text, and those right after a sample");
    }

    [TestCaseSource(nameof(ShownExamples))]
    public async Task Example_ThatAPageShows_RunsAndPrintsWhatThePageSays(string file)
    {
        var program = Path.Combine(Path.GetDirectoryName(typeof(PageTests).Assembly.Location)!, "TinyWorker.Examples.dll");
        var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Deadline, NameOf(file));

        Assert.That(exitCode, Is.Zero, errors);
        foreach (var sample in Samples.Where(sample => sample.File == file && sample.Output is not null))
            Assert.That(output.ReplaceLineEndings("\n"), Is.EqualTo(sample.Output), errors);
    }

    [TestCaseSource(typeof(Page), nameof(Page.All))]
    public void Page_EveryLink_LeadsSomewhere(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var broken = new Page(path).Links.Where(link => !link.StartsWith("https://", StringComparison.Ordinal) && !Leads(link)).ToArray();

        Assert.That(broken, Is.Empty);

        bool Leads(string link)
        {
            var (target, anchor) = link.Split('#') is [var before, var behind] ? (before, behind) : (link, null);
            var page = target.Length == 0 ? path : Path.GetRelativePath(".", Path.Combine(folder, target));
            if (!Path.Exists(Path.Combine(RepositoryRoot.Find(), page))) return false;
            return anchor is null || new Page(page).Headings.Any(heading => Anchor(heading) == anchor);
        }
    }

    [Test]
    public void Readme_IsShort() => Assert.That(new Page("README.md").LineCount, Is.LessThan(250));

    [Test]
    public void Readme_LinksToContributing() => Assert.That(new Page("README.md").Links, Does.Contain("CONTRIBUTING.md"));

    // The README lists the pages for users, CONTRIBUTING.md those for maintainers.
    [Test]
    public void ReadmeOrContributing_LinksToEveryPageOfDocs()
    {
        string[] links = [.. new Page("README.md").Links, .. new Page("CONTRIBUTING.md").Links];
        var pages = Page.All.Where(page => Path.GetDirectoryName(page) == "docs");
        Assert.That(pages.Where(page => !links.Contains(page)), Is.Empty, "pages that neither of them names");
    }

    [Test]
    public void Decisions_LinkToEveryDecision()
    {
        const string Index = "docs/decisions/README.md";
        var links = new Page(Index).Links.Select(link => "docs/decisions/" + link).ToArray();
        var pages = Page.All.Where(page => page.StartsWith("docs/decisions/", StringComparison.Ordinal) && page != Index);
        Assert.That(pages.Where(page => !links.Contains(page)), Is.Empty, "decisions that the index does not name");
    }

    /// <summary>The lines between the marks, without their indentation; several pieces are separated by an empty line.</summary>
    private static string CodeOf(string file)
    {
        List<string> code = [];
        List<string>? piece = null;
        foreach (var line in File.ReadAllLines(Path.Combine(RepositoryRoot.Find(), file)))
        {
            if (line.Trim() == "// <sample>")
            {
                if (code.Count > 0) code.Add("");
                piece = [];
            }
            else if (line.Trim() == "// </sample>")
            {
                var begun = piece!;
                var indent = begun.Where(text => text.Trim().Length > 0).Min(text => text.Length - text.TrimStart().Length);
                code.AddRange(begun.Select(text => text.Length >= indent ? text[indent..] : ""));
                piece = null;
            }
            else
            {
                piece?.Add(line);
            }
        }

        Assert.That(piece is null && code.Count > 0, Is.True, $"{file} has a // <sample> and a // </sample> after it");
        return string.Concat(code.Select(line => line + "\n"));
    }

    // A file may contain only a class that examples share. Samples outside of the examples are run by the tests of their page.
    private static bool CanRun(string file) =>
        file.StartsWith("TinyWorker.Examples/", StringComparison.Ordinal)
        && File.ReadAllText(Path.Combine(RepositoryRoot.Find(), file)).Contains("Task RunAsync()", StringComparison.Ordinal);

    private static string NameOf(string file)
    {
        var type = Path.GetFileNameWithoutExtension(file);
        var list = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "TinyWorker.Examples", "Program.cs"));
        return Entry().Matches(list).FirstOrDefault(match => match.Groups["type"].Value == type)?.Groups["name"].Value
            ?? throw new AssertionException($"{file} is not in the list of examples in Program.cs");
    }

    // The anchor that GitHub makes of a heading.
    private static string Anchor(string heading) => NotInAnchors().Replace(heading.ToLowerInvariant().Replace(' ', '-'), "");

    [GeneratedRegex("""new\("(?<name>[^"]+)", "[^"]*", (?<type>\w+)\.RunAsync\)""")]
    private static partial Regex Entry();

    [GeneratedRegex(@"[^\w-]")]
    private static partial Regex NotInAnchors();
}
