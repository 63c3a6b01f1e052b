using System.Globalization;
using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace TinyWorker.Display;

/// <summary>The text of a line, fitted to the width of the terminal.</summary>
internal static class LineLayout
{
    private const int NarrowestBar = 10;
    private const int WidestBar = 60;

    // One for the last column, after which many terminals wrap, and two for the ^C that a terminal writes after the line.
    private const int SpareColumns = 3;

    private static readonly Style Running = new(Color.Blue);
    private static readonly Style Complete = new(Color.Green);
    private static readonly Style Stopped = new(Color.Yellow);
    private static readonly Style Failed = new(Color.Red);
    private static readonly Style Empty = new(Color.Grey);

    /// <summary>The text without control characters, which could break the line or control the terminal.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)).Trim();

    /// <summary>For a terminal: <c>squares  ━━━━━━──────  42%   420/1000  84.0/s  00:05&lt;00:07  3 failed</c>.</summary>
    public static void Draw(List<Segment> segments, ProgressLine line, int width, bool unicode)
    {
        var room = Math.Max(1, width - SpareColumns);
        var progress = line.Progress;
        var isStopped = IsStopped(line);
        var style = !line.HasEnded ? Running : isStopped ? Stopped : Complete;

        var facts = new StringBuilder();
        if (progress.Total is { } total)
        {
            var totalText = Number(total);
            facts.Append(Percent(progress, total).PadLeft(4)).Append("  ")
                .Append(Number(progress.Completed).PadLeft(totalText.Length)).Append('/').Append(totalText);
        }
        else
        {
            facts.Append(Number(progress.Completed));
        }

        facts.Append("  ").Append(Speed(line)).Append("  ").Append(Time(progress.Elapsed));
        if (progress.Total is not null && !line.HasEnded)
            facts.Append('<').Append(Remaining(line) is { } remaining ? Time(remaining) : "?");
        var failures = progress.Faulted > 0 ? $"  {Number(progress.Faulted)} failed" : "";
        var end = isStopped ? "  stopped" : "";

        // The rest of the line is for the description and the bar. If there is too little room, the description gets shorter first;
        // then the bar is left out.
        var left = room - facts.Length - failures.Length - end.Length;
        if (left < 0)
        {
            segments.Add(new Segment(Shortened(facts + failures + end, room, unicode)));
            return;
        }

        var hasBar = progress.Total is not null && left > NarrowestBar;
        var description = Shortened(line.Description, left - 2 - (hasBar ? NarrowestBar + 1 : 0), unicode);
        if (description.Length > 0)
        {
            segments.Add(new Segment(description + "  "));
            left -= Cells(description) + 2;
        }

        if (hasBar) AddBar(segments, Share(progress), Math.Min(WidestBar, left - 1), style, unicode);
        segments.Add(new Segment(facts.ToString()));
        if (failures.Length > 0) segments.Add(new Segment(failures, Failed));
        if (end.Length > 0) segments.Add(new Segment(end, Stopped));
    }

    /// <summary>For a file: <c>squares: 42% (420/1000), 84.0/s, 00:05 elapsed, 00:07 left, 3 failed</c>.</summary>
    public static string Plain(ProgressLine line)
    {
        var progress = line.Progress;
        var text = new StringBuilder();
        if (line.Description.Length > 0) text.Append(line.Description).Append(": ");
        text.Append(progress.Total is { } total
            ? string.Create(CultureInfo.InvariantCulture, $"{Percent(progress, total)} ({progress.Completed}/{total})")
            : Number(progress.Completed));
        text.Append(", ").Append(Speed(line).Trim()).Append(", ").Append(Time(progress.Elapsed)).Append(" elapsed");
        if (!line.HasEnded && Remaining(line) is { } remaining) text.Append(", ").Append(Time(remaining)).Append(" left");
        if (progress.Faulted > 0) text.Append(", ").Append(Number(progress.Faulted)).Append(" failed");
        if (IsStopped(line)) text.Append(", stopped");
        return text.ToString();
    }

    private static bool IsStopped(ProgressLine line) => line.HasEnded && line.Progress.Completed < line.Progress.Total;

    private static void AddBar(List<Segment> segments, double share, int width, Style style, bool unicode)
    {
        var halves = (int)(share * width * 2);
        var full = halves / 2;
        var half = unicode && halves % 2 != 0 ? "╸" : "";
        segments.Add(new Segment(new string(unicode ? '━' : '#', full) + half, style));
        segments.Add(new Segment(new string(unicode ? '─' : '-', width - full - half.Length), Empty));
        segments.Add(new Segment(" "));
    }

    private static double Share(MapProgress progress) =>
        progress.Total is > 0 and var total ? Math.Min(1, (double)progress.Completed / total) : 1;

    // Rounded down: 100 % means that everything is done.
    private static string Percent(MapProgress progress, long total) =>
        (progress.Completed >= total ? 100 : (int)Math.Min(99, 100 * Share(progress))).ToString(CultureInfo.InvariantCulture) + "%";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static TimeSpan? Remaining(ProgressLine line)
    {
        if (line.Progress.Total is not { } total || line.Speed.Recent is not { } speed) return null;
        var seconds = Math.Max(0, total - line.Progress.Completed) / speed;
        return seconds < TimeSpan.SecondsPerDay * 100 ? TimeSpan.FromSeconds(Math.Round(seconds)) : null;
    }

    private static string Time(TimeSpan time) => time.TotalHours < 1
        ? time.ToString(@"mm\:ss", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss}");

    private static string Speed(ProgressLine line) => (line.HasEnded ? line.Speed.Overall : line.Speed.Recent) switch
    {
        null => "    ?/s",
        >= 0.0995 and var speed => ThreeDigits(speed).PadLeft(5) + "/s",
        var speed => $"{ThreeDigits(1 / speed.Value)} s each",
    };

    private static string ThreeDigits(double value)
    {
        var unit = 0;
        for (; value >= 999.5 && unit < 4; unit++) value /= 1000;
        var format = value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0";
        return value.ToString(format, CultureInfo.InvariantCulture) + "\0kMGT"[unit..(unit + 1)].Trim('\0');
    }

    // An East Asian character or an emoji takes two columns.
    private static int Cells(string text) => new Segment(text).CellCount();

    private static string Shortened(string text, int room, bool unicode)
    {
        if (Cells(text) <= room) return text;
        if (room < 2) return "";
        var shortened = new StringBuilder();
        var cells = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            cells += Cells(rune.ToString());
            if (cells > room) break;
            shortened.Append(rune.ToString());
        }

        return shortened.ToString().TrimEnd() + (unicode ? "…" : "~");
    }
}
