using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Docs;

/// <summary>The page about observing lists every instrument and log event, and no others, and its samples run.</summary>
[NonParallelizable]   // the console
internal sealed partial class ObservingTests
{
    private static string Page => File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs", "observing.md"));

    [Test]
    public async Task Wiring_OfThePage_PrintsWhatThePageSays()
    {
        var console = Console.Out;
        using var printed = new StringWriter();
        Console.SetOut(printed);
        try
        {
            await Within.Time(Wiring.RunAsync());
        }
        finally
        {
            Console.SetOut(console);
        }

        // The levels come from troupes of other tests, if some still exist.
        var lines = printed.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(
            ["tinyworker.task.waiting ({task})", "tinyworker.task.running ({task})", "tinyworker.worker.count ({worker})"]);
        Assert.That(lines, Is.EquivalentTo(Output().Match(Page).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Test]
    public async Task Explaining_OfThePage_SaysThatTheTroupeIsSaturated()
    {
        var told = await Within.Time(Explaining.RunAsync());
        Assert.That(told, Does.StartWith("'hashes' is saturated: "));
    }

    [Test]
    public async Task Watching_OfThePage_SeesSomeTimesTheFaultsAndTheInput()
    {
        var seen = await Within.Time(Watching.RunAsync());
        Assert.That((seen.Runs.Count, string.Join(",", seen.Inputs)), Is.EqualTo((1000 / 64, "readers")));
        Assert.That(seen.Faults.Select(static fault => fault.Message), Is.All.EndsWith("7 is not allowed."));
    }

    [Test]
    public void Instruments_OnThePage_AreThoseOfTheMeter()
    {
        var published = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name != "TinyWorker") return;
                var kind = instrument.GetType().Name.Split('`')[0];
                published.Add($"| `{instrument.Name}` | {kind} | `{instrument.Unit}` |");
            },
        };
        _ = TinyWorkerMeter.IsListenedTo;   // makes the instruments
        listener.Start();
        Assert.That(InstrumentRow().Matches(Page).Select(match => match.Value), Is.EquivalentTo(published));
    }

    [Test]
    public void LogEvents_OnThePage_AreThoseOfTheLogAndEachIdIsOfOne()
    {
        var events = typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Select(method => (method.Name, Message: method.GetCustomAttribute<LoggerMessageAttribute>()!))
            .Select(log => $"| {log.Message.EventId} | {log.Name} | {log.Message.Level} |")
            .ToArray();
        Assert.That(events, Is.Not.Empty);
        var byId = events.OrderBy(row => int.Parse(row.Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.That(LogRow().Matches(Page).Select(match => match.Value), Is.EqualTo(byId));
    }

    [GeneratedRegex(@"^\| `tinyworker\.[^|]*\| [^|]* \| `[^|]*` \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    [GeneratedRegex(@"^\| \d+ \| \w+ \| \w+ \|", RegexOptions.Multiline)]
    private static partial Regex LogRow();

    [GeneratedRegex("prints, in some order:\n\n```\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Output();
}
