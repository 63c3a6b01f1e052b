using Spectre.Console;
using TinyWorker.Display;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Shows on stderr how far a map has come: <c>new MapOptions { Progress = new ProgressBar("squares") }</c>.</summary>
/// <remarks>
/// <para>It shows the description, a bar and the percentage where the number of items is known, the count, items per second, the time taken and
/// the time left, and the failures when there are any. Each enumeration of a map has a line of its own, which begins and ends with it, however
/// it ends; so one bar may serve any number of maps, and several bars stand below each other.</para>
/// <para>In a terminal it is refreshed at most ten times a second. Where stderr is none (a file, a pipe), it prints a plain line without
/// colours every five seconds, and a last one. Ctrl-C, SIGTERM, an unhandled exception and
/// the end of the process leave the line where it stopped.</para>
/// <para>All members may be used from any thread. Nothing is shown on the workers' threads, and a map never fails because of its bar.</para>
/// <para>The library tells a bar that stands in <see cref="MapOptions.Progress"/> when a map ends. One that is given reports by other means
/// (a wrapper of one's own) ends when all items are done, or with <see cref="Dispose"/>; otherwise it need not be disposed.</para>
/// </remarks>
public sealed class ProgressBar : IProgress<MapProgress>, IMapViewer, IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _description;
    private readonly IAnsiConsole? _console;   // null: stderr, as it is when a map begins
    private readonly TimeProvider _timeProvider;
    private ProgressLine? _line;               // of the reports that came by other means; null when there is none, or it has ended
    private MapProgress _last;                 // the last of those reports
    private bool _hasEnded;                    // their line was ended

    /// <summary>Makes a bar on stderr. Nothing is shown before a map begins.</summary>
    /// <param name="description">What stands before the bar, shortened where there is no room; plain text, not markup.</param>
    /// <exception cref="ArgumentNullException">The description is null.</exception>
    public ProgressBar(string description)
        : this(description, null, TimeProvider.System)
    {
    }

    /// <summary>Makes a bar on a console of one's own, another than stderr. Nothing is shown before a map begins.</summary>
    /// <param name="description">What stands before the bar, shortened where there is no room; plain text, not markup.</param>
    /// <param name="console">Where it is shown; bars on the same console know of each other.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public ProgressBar(string description, IAnsiConsole console)
        : this(description, console ?? throw new ArgumentNullException(nameof(console)), TimeProvider.System)
    {
    }

    internal ProgressBar(string description, IAnsiConsole? console, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(description);
        _description = LineLayout.OneLine(description);
        _console = console;
        _timeProvider = timeProvider;
    }

    /// <summary>Shows a report that came by other means than <see cref="MapOptions.Progress"/>.</summary>
    /// <param name="value">How far the map has come. One whose time is before that of the report before begins another line.</param>
    public void Report(MapProgress value)
    {
        lock (_lock)
        {
            if (value.Elapsed < _last.Elapsed)
            {
                EndLine_NeedsLock();
                _hasEnded = false;
            }

            _last = value;
            if (_hasEnded) return;
            if (_line is null) _line = Begin(value);
            else _line.Show(value);
            if (value.Completed >= value.Total) EndLine_NeedsLock();
        }
    }

    /// <summary>Ends the line of reports that came by other means, where it stopped. The bar may be used again.</summary>
    public void Dispose()
    {
        lock (_lock) EndLine_NeedsLock();
    }

    IMapView IMapViewer.Begin(MapProgress first) => Begin(first);

    private ProgressLine Begin(MapProgress first) =>
        (_console is null ? ProgressScreen.OfStandardError() : ProgressScreen.Of(_console, _timeProvider)).Begin(_description, first);

    private void EndLine_NeedsLock()
    {
        if (_line is null) return;
        _line.End(_last);
        _line = null;
        _hasEnded = true;
    }
}
