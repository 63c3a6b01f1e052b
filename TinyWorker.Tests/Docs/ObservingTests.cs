using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Docs;

/// <summary>The page about observing lists what there is, no less and no more, and its samples run.</summary>
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

        // The levels are those of other tests' troupes, if some are left.
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
    public void Instruments_OnThePage_AreThoseOfTheMeter()
    {
        var published = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "TinyWorker") published.Add($"| `{instrument.Name}` | {instrument.GetType().Name.Split('`')[0]} | `{instrument.Unit}` |");
            },
        };
        _ = TinyWorkerMeter.IsListenedTo;   // that they are made
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
        Assert.That(events, Has.Length.EqualTo(13));
        Assert.That(LogRow().Matches(Page).Select(match => match.Value), Is.EqualTo(events.OrderBy(row => int.Parse(row.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))));
    }

    [GeneratedRegex(@"^\| `tinyworker\.[^|]*\| [^|]* \| `[^|]*` \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    [GeneratedRegex(@"^\| \d+ \| \w+ \| \w+ \|", RegexOptions.Multiline)]
    private static partial Regex LogRow();

    [GeneratedRegex("prints, in some order:\n\n```\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Output();
}
