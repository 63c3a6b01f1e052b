using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>Every line of C# on the page for newcomers compiles and runs.</summary>
[NonParallelizable]   // the console
internal sealed partial class ComingFromTests
{
    private static readonly Func<Task>[] Samples =
    [
        ComingFrom.TinyWorkerPythonAsync, ComingFrom.MtaskliteAsync, ComingFrom.TaskAsync, ComingFrom.ForEachAsyncAsync,
        ComingFrom.TransformBlockAsync, ComingFrom.BatchBlockAsync, () => Task.Run(ComingFrom.Plinq), ComingFrom.ChannelAsync,
        ComingFrom.PQueueAsync, ComingFrom.PiscinaAsync, ComingFrom.RayServeAsync, ComingFrom.HashingAsync,
    ];

    // One of them shows a progress bar.
    [TestCaseSource(nameof(Samples))]
    public async Task Samples_OfThePage_Run(Func<Task> sample)
    {
        var errors = Console.Error;
        using var shown = new StringWriter();
        Console.SetError(shown);
        try
        {
            await Within.Time(sample());
        }
        finally
        {
            Console.SetError(errors);
        }
    }

    [Test]
    public void Page_EveryLineOfCSharp_IsCompiled()
    {
        var root = RepositoryRoot.Find();
        var page = File.ReadAllText(Path.Combine(root, "docs", "coming-from.md"));
        var source = File.ReadAllLines(Path.Combine(root, "TinyWorker.Tests", "Docs", "ComingFrom.cs"));
        var compiled = source.Select(line => line.Trim()).ToHashSet();
        var lines = Line().Matches(page).Select(match => match.Groups[1].Value).ToArray();

        Assert.That(lines, Has.Length.GreaterThan(30), "lines of C# on the page");
        Assert.That(lines.Where(line => !compiled.Contains(line)), Is.Empty, "lines of the page that are not in the compiled file");
    }

    // A line of C# ends with a semicolon; a name alone, and Python, do not.
    [GeneratedRegex("`([^`]*;)`")]
    private static partial Regex Line();
}
