using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using TinyWorker.Display;
using TinyWorker.Streaming;

namespace TinyWorker.Tests.Progress;

public class ProgressBarTests
{
    private readonly FakeTimeProvider _clock = new();

    [Test]
    public void Bar_WithAKnownTotal_ShowsAllThereIsToKnow_AndEndsAtAHundredPercent()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 1000);
        Assert.That(terminal.Rows(), Has.Length.EqualTo(1));
        Assert.That(terminal.Rows()[0], Does.StartWith("squares  ──").And.EndsWith("   0%     0/1000      ?/s  00:00<?"));

        Pass(0.1, 50);
        map.Show(At(500, 5, 1000));
        Assert.That(terminal.Rows()[0], Does.Match("^squares  ━+╸?─+  50%   500/1000    100/s  00:05<00:05$"));

        map.End(At(1000, 10, 1000));
        Assert.That(terminal.Rows(), Has.Length.EqualTo(2));
        Assert.That(terminal.Rows()[0], Does.Match("^squares  ━+ 100%  1000/1000    100/s  00:10$"));
        Assert.That(terminal.Rows()[1], Is.Empty);
    }

    [Test]
    public void Bar_WithAnUnknownTotal_ShowsTheCountAlone()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "lines", null);
        Pass(0.1);
        map.Show(At(25_000, 10, null));
        Assert.That(terminal.Rows(), Is.EqualTo(new[] { "lines  25000  2.50k/s  00:10" }));
        map.End(At(9_999_999, 3_700, null));
        Assert.That(terminal.Rows(), Is.EqualTo(new[] { "lines  9999999  2.70k/s  1:01:40", "" }));
    }

    [Test]
    public void Bar_OfAnEmptySource_IsComplete()
    {
        var terminal = new FakeTerminal(80);
        Begin(terminal, "none", 0).End(At(0, 0, 0));
        Assert.That(terminal.Rows()[0], Does.Match("^none  ━+ 100%  0/0      \\?/s  00:00$"));
        Assert.That(terminal.Rows()[1], Is.Empty);
    }

    [Test]
    public void Bar_WithFailures_SaysHowMany()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 100);
        Pass(0.1);
        map.Show(At(50, 1, 100) with { Faulted = 3 });
        Assert.That(terminal.Rows()[0], Does.EndWith("00:01<00:01  3 failed"));
        map.End(At(100, 2, 100) with { Faulted = 7 });
        Assert.That(terminal.Rows()[0], Does.Match(" 100% .*  7 failed$"));
    }

    [Test]
    public void Bar_OfAMapThatEndedEarly_StaysWhereItStopped()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 1000);
        map.End(At(999, 10, 1000));
        Assert.That(terminal.Rows()[0], Does.Match("^squares  ━+╸?─*  99%   999/1000   99.9/s  00:10  stopped$"));
        Assert.That(terminal.Rows()[1], Is.Empty);
        map.Show(At(1000, 11, 1000));
        map.End(At(1000, 11, 1000));
        Assert.That(terminal.Rows()[0], Does.EndWith("stopped"), "A line that has ended stays as it is.");
    }

    [Test]
    public void Bars_OnOneConsole_StandBelowEachOther_AndTheOneThatEndsMovesUp()
    {
        var terminal = new FakeTerminal(80);
        var first = Begin(terminal, "first", 10);
        Pass(0.1);
        var second = Begin(terminal, "second", 10);
        Pass(0.1);
        first.Show(At(1, 1, 10));
        Pass(0.1);
        second.Show(At(2, 1, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "first 10%", "second 20%" }));

        second.End(At(10, 2, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "second 100%", "first 10%" }));
        Pass(0.1);
        var third = Begin(terminal, "third", 10);
        first.End(At(10, 2, 10));
        third.End(At(5, 2, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "second 100%", "first 100%", "third 50%", "" }));
    }

    [Test]
    public void Bars_MoreThanTheTerminalHasRows_DrawNoMoreThanItHas()
    {
        var terminal = new FakeTerminal(80, height: 4);
        var maps = Enumerable.Range(0, 6).Select(i => { Pass(0.1); return Begin(terminal, $"bar {i}", 10); }).ToArray();
        Assert.That(terminal.Rows(), Has.Length.EqualTo(3));
        foreach (var map in maps) map.End(At(10, 2, 10));
        Assert.That(Starts(terminal), Is.EqualTo(Enumerable.Range(0, 6).Select(i => $"bar {i} 100%").Append("")));
    }

    [Test]
    public void Refreshes_OfTwoBusyBars_ComeAtMostTenTimesASecond()
    {
        var terminal = new FakeTerminal(80);
        var maps = new[] { Begin(terminal, "one", 10_000), Begin(terminal, "two", 10_000) };
        for (var i = 0; i < 10_000; i++)
        {
            Pass(0.001);
            maps[i % 2].Show(At(i, i / 1000.0, 10_000));
        }

        Assert.That(terminal.Drawings, Is.InRange(95, 101));
    }

    [Test]
    public void Refreshes_OfATimerThatIsNotExact_AreNotLeftOut()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "one", 100);
        for (var i = 0; i < 100; i++)
        {
            Pass(i % 2 == 0 ? 0.104 : 0.097);
            map.Show(At(i, i / 10.0, 100));
        }

        Assert.That(terminal.Drawings, Is.InRange(99, 101));
    }

    [TestCase(80)]
    [TestCase(200)]
    [TestCase(60)]
    [TestCase(57)]
    [TestCase(40)]
    [TestCase(20)]
    [TestCase(5)]
    [TestCase(1)]
    public void Line_WithALongDescription_FitsTheTerminal(int width)
    {
        var terminal = new FakeTerminal(width);
        var map = Begin(terminal, new string('d', 300), 10_000_000);
        Pass(0.1);
        map.Show(At(4_000_000, 5, 10_000_000) with { Faulted = 12 });
        var line = terminal.Rows()[0];   // Rows checks the width, too
        if (width < 80) return;
        Assert.That(line, Has.Length.EqualTo(width - 3));
        Assert.That(line, Does.Match("^d+…  [━╸─]{10,60}  40%   4000000/10000000   800k/s  00:05<00:08  12 failed$"));
    }

    [TestCase(80, 37)]
    [TestCase(200, 60)]
    public void Bar_WithAShortDescription_IsAsLongAsThereIsRoom(int width, int expected)
    {
        var terminal = new FakeTerminal(width);
        Begin(terminal, "squares", 100);
        Assert.That(terminal.Rows()[0].Count(c => c == '─'), Is.EqualTo(expected).Within(3));
    }

    [Test]
    public void Description_OfWideCharacters_IsMeasuredInColumns()
    {
        var terminal = new FakeTerminal(80);
        Begin(terminal, string.Concat(Enumerable.Repeat("漢字", 40)), 100);
        var line = terminal.Rows()[0];
        Assert.That(line.Length + line.Count(c => c > 0x3000), Is.InRange(76, 77));
    }

    [Test]
    public void Description_WithMarkupAndControlCharacters_IsPlainText()
    {
        var terminal = new FakeTerminal(80);
        Begin(terminal, "[red]a[/]\r\n\e[2Jb", null);
        Assert.That(terminal.Rows()[0], Does.StartWith("[red]a[/]   [2Jb  0"));
    }

    [Test]
    public void Terminal_WithoutUnicode_GetsAscii()
    {
        var terminal = new FakeTerminal(80, unicode: false);
        Begin(terminal, new string('d', 300), 10).End(At(5, 1, 10));
        Assert.That(terminal.Rows()[0], Does.Match("^d+~  #+-+  50%"));
        Assert.That(terminal.Written, Has.All.LessThan((char)128));
    }

    [Test]
    public void Redirected_PrintsAPlainLineEveryFiveSecondsAndTheLast()
    {
        var file = new FakeTerminal(80, isTerminal: false);
        var map = Begin(file, "squares", 1000);
        for (var i = 1; i <= 120; i++)
        {
            Pass(0.1);
            map.Show(At(i * 5, i / 10.0, 1000) with { Faulted = i / 100 });
        }

        map.End(At(1000, 13, 1000) with { Faulted = 2 });
        Assert.That(file.Written.ReplaceLineEndings("\n"), Is.EqualTo(
            """
            squares: 25% (250/1000), 50.0/s, 00:05 elapsed, 00:15 left
            squares: 50% (500/1000), 50.0/s, 00:10 elapsed, 00:10 left, 1 failed
            squares: 100% (1000/1000), 76.9/s, 00:13 elapsed, 2 failed

            """));
    }

    [Test]
    public void Redirected_OfUnknownTotalOrEndedEarly_PrintsWhatThereIs()
    {
        var file = new FakeTerminal(80, isTerminal: false);
        Begin(file, new string('d', 100), null).End(At(3, 60, null));
        Begin(file, "stopped", 10).End(At(3, 1, 10));
        Begin(file, "", 0).End(At(0, 0, 0));
        Assert.That(file.Written.ReplaceLineEndings("\n"), Is.EqualTo(
            $"{new string('d', 100)}: 3, 20.0 s each, 01:00 elapsed\n"
            + "stopped: 30% (3/10), 3.00/s, 00:01 elapsed, stopped\n"
            + "100% (0/0), ?/s, 00:00 elapsed\n"));
        Assert.That(file.Written, Does.Not.Contain('\e').And.Not.Contain('\r'));
    }

    [Test]
    public void Speed_ShownWhileItRuns_IsThatOfTheLastSeconds()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 100_000);
        for (var i = 1; i <= 60; i++) map.Show(At(i, i, 100_000));
        for (var i = 1; i <= 30; i++)
        {
            Pass(1);
            map.Show(At(60 + (i * 1000), 60 + i, 100_000));
        }

        Assert.That(terminal.Rows()[0], Does.Match(" (9\\d\\d|1.00k)/s  01:30<01:1\\d$").Or.Match("01:30<01:(09|10)$"));
    }

    [Test]
    public void Leaving_TheProcess_LeavesTheLinesAndDrawsNoMore()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 10);
        map.Show(At(4, 1, 10));
        ProgressScreen.Of(terminal.Console, _clock).Leave(isOver: true);
        map.End(At(4, 1, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "squares 40%", "" }));
    }

    [Test]
    public void Interrupt_ThatIsOutlived_GoesOnBelow()
    {
        var terminal = new FakeTerminal(80);
        var map = Begin(terminal, "squares", 10);
        map.Show(At(4, 1, 10));
        ProgressScreen.Of(terminal.Console, _clock).Leave(isOver: false);
        map.End(At(5, 1, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "squares 40%", "squares 50%", "" }));
    }

    [Test]
    public void Reports_ByOtherMeans_EndWhenAllIsDoneOrTheBarIsDisposed()
    {
        var terminal = new FakeTerminal(80);
        using var bar = new ProgressBar("squares", terminal.Console, _clock);
        bar.Report(At(5, 1, 10));
        bar.Report(At(10, 2, 10));
        bar.Report(At(10, 2, 10));
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "squares 100%", "" }));
        bar.Report(At(1, 0.5, 10));
        bar.Dispose();
        bar.Dispose();
        Assert.That(Starts(terminal), Is.EqualTo(new[] { "squares 100%", "squares 10%", "" }));
    }

    [Test]
    public void Arguments_ThatAreNull_AreRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new ProgressBar(null!).Dispose());
        Assert.Throws<ArgumentNullException>(() => new ProgressBar("squares", null!).Dispose());
    }

    private static MapProgress At(long completed, double seconds, long? total) => new(completed, 0, total, TimeSpan.FromSeconds(seconds));

    // Each row's description and percentage.
    private static string[] Starts(FakeTerminal terminal) =>
        [.. terminal.Rows().Select(row => Regex.Replace(row, "^(.+?)  [━╸─]+ +(\\d+%).*$", "$1 $2"))];

    private IMapView Begin(FakeTerminal terminal, string description, long? total) =>
        ((IMapViewer)new ProgressBar(description, terminal.Console, _clock)).Begin(new MapProgress(0, 0, total, TimeSpan.Zero));

    private void Pass(double seconds, int times = 1)
    {
        for (var i = 0; i < times; i++) _clock.Advance(TimeSpan.FromSeconds(seconds));
    }
}
