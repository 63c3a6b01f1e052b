using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>What the README and the pages of docs/ show is the code of an example, to the letter, and prints what they say.</summary>
internal sealed partial class PageTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);   // the longest takes ten seconds on an idle machine

    private static readonly string[] Shown = [.. Page.All.SelectMany(page => new Page(page).Samples).Select(sample => sample.File).Distinct().Where(CanRun)];

    [TestCaseSource(typeof(Page), nameof(Page.All))]
    public void Page_EverySample_IsTheExamplesCode(string path)
    {
        var page = new Page(path);

        Assert.That(page.Samples, Has.Length.EqualTo(page.MarkCount), "a sample's mark is followed by a csharp block at once");
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
        Assert.That(page.TextBlockCount, Is.EqualTo(page.Samples.Count(sample => sample.Output is not null)), "blocks of text, and those right behind a sample");
    }

    [TestCaseSource(nameof(Shown))]
    public async Task Example_ThatAPageShows_RunsAndPrintsWhatThePageSays(string file)
    {
        var program = Path.Combine(Path.GetDirectoryName(typeof(PageTests).Assembly.Location)!, "TinyWorker.Examples.dll");
        var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Deadline, NameOf(file));

        Assert.That(exitCode, Is.Zero, errors);
        foreach (var said in Page.All.SelectMany(page => new Page(page).Samples).Where(sample => sample.File == file && sample.Output is not null))
            Assert.That(output.ReplaceLineEndings("\n"), Is.EqualTo(said.Output), errors);
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
    public void Readme_IsShort() => Assert.That(new Page("README.md").LineCount, Is.LessThan(200));

    [Test]
    public void Readme_EndsWithAListOfAllPages()
    {
        var links = new Page("README.md").Links;
        Assert.That(Page.All.Where(page => page.StartsWith("docs/", StringComparison.Ordinal) && !links.Contains(page)), Is.Empty, "pages that the README does not name");
    }

    /// <summary>What stands between the marks, without its indentation; several pieces with an empty line between.</summary>
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

        Assert.That(piece is null && code.Count > 0, Is.True, $"{file} has a // <sample> and a // </sample> behind it");
        return string.Concat(code.Select(line => line + "\n"));
    }

    // A file may hold a class that examples share. What is no example of the program's, the tests of its own page run.
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

    // As GitHub makes it.
    private static string Anchor(string heading) => NotInAnchors().Replace(heading.ToLowerInvariant().Replace(' ', '-'), "");

    [GeneratedRegex("""new\("(?<name>[^"]+)", "[^"]*", (?<type>\w+)\.RunAsync\)""")]
    private static partial Regex Entry();

    [GeneratedRegex(@"[^\w-]")]
    private static partial Regex NotInAnchors();
}
