using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>The page for newcomers says nothing that does not compile and run.</summary>
internal sealed partial class ComingFromTests
{
    private static readonly Func<Task>[] Samples =
    [
        ComingFrom.TinyWorkerPythonAsync, ComingFrom.MtaskliteAsync, ComingFrom.TaskAsync, ComingFrom.ForEachAsyncAsync, ComingFrom.TransformBlockAsync,
        () => Task.Run(ComingFrom.Plinq), ComingFrom.ChannelAsync,
    ];

    [TestCaseSource(nameof(Samples))]
    public Task Samples_OfThePage_Run(Func<Task> sample) => Within.Time(sample());

    [Test]
    public void Page_EveryLineOfCSharp_IsCompiled()
    {
        var root = RepositoryRoot.Find();
        var page = File.ReadAllText(Path.Combine(root, "docs", "coming-from.md"));
        var compiled = File.ReadAllLines(Path.Combine(root, "TinyWorker.Tests", "Docs", "ComingFrom.cs")).Select(line => line.Trim()).ToHashSet();
        var lines = Line().Matches(page).Select(match => match.Groups[1].Value).ToArray();

        Assert.That(lines, Has.Length.GreaterThan(30), "lines of C# on the page");
        Assert.That(lines.Where(line => !compiled.Contains(line)), Is.Empty, "lines of the page that stand in no compiled file");
    }

    // What is C# ends with a semicolon; names alone, and Python, do not.
    [GeneratedRegex("`([^`]*;)`")]
    private static partial Regex Line();
}
