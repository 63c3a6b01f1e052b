using Spectre.Console;
using TinyWorker.Display;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Shows on stderr how far a map has come: <c>new MapOptions { Progress = new ProgressBar("squares") }</c>.</summary>
/// <remarks>
/// <para>It shows the description, the count, items per second, the time taken, and the failures if there are any. If the number of items
/// is known it also shows a bar, the percentage and the time left. Each enumeration of a map has a line of its own, which begins and ends
/// with the enumeration. So one bar may serve any number of maps, and several bars stand below each other.</para>
/// <para>In a terminal the line is refreshed at most ten times a second. If stderr is a file or a pipe, the bar prints a plain line without
/// colours every five seconds and at the end. Ctrl-C, SIGTERM, an unhandled exception and the end of the process leave the line as it
/// is.</para>
/// <para>All members may be used from any thread. Nothing is drawn on the threads of workers. A map never fails because of its bar.</para>
/// <para>A bar in <see cref="MapOptions.Progress"/> ends its line when the map ends, and need not be disposed. A bar that gets its reports
/// in another way, from a wrapper for example, ends its line when all items are done or when it is disposed.</para>
/// </remarks>
public sealed class ProgressBar : IProgress<MapProgress>, IMapViewer, IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _description;
    private readonly IAnsiConsole? _console;   // null means stderr; Console.Error is read when a map begins
    private readonly TimeProvider _timeProvider;
    private ProgressLine? _line;               // the line of the calls of Report; null before its begin and after its end
    private MapProgress _last;                 // the last value given to Report
    private bool _hasEnded;                    // whether that line has ended

    /// <summary>Makes a bar on stderr. Nothing is shown before a map begins.</summary>
    /// <param name="description">The text before the bar; plain text, not markup. It is shortened if there is no room.</param>
    /// <exception cref="ArgumentNullException">The description is null.</exception>
    public ProgressBar(string description)
        : this(description, null, TimeProvider.System)
    {
    }

    /// <summary>Makes a bar on a console of your own instead of stderr. Nothing is shown before a map begins.</summary>
    /// <param name="description">The text before the bar; plain text, not markup. It is shortened if there is no room.</param>
    /// <param name="console">The console to draw on. Bars on the same console stand below each other.</param>
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

    /// <summary>Shows a report. For code that reports the progress itself; <see cref="MapOptions.Progress"/> needs no call.</summary>
    /// <param name="value">The progress. If its time is lower than in the call before, a new line begins.</param>
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

    /// <summary>Ends the line that <see cref="Report"/> has begun, and leaves it as it is. The bar may be used again.</summary>
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
