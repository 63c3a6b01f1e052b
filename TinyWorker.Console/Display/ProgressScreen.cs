using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace TinyWorker.Display;

/// <summary>
/// The lines on one console. In a terminal they are a block that is drawn over again: between two drawings the cursor stands at the end of its
/// last line. A line that has ended moves up to the top of the block, out of it, and stays. Elsewhere they are printed now and then.
/// </summary>
internal sealed class ProgressScreen
{
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan PrintInterval = TimeSpan.FromSeconds(5);

    // How long whoever ends the process waits for a terminal that takes nothing (Ctrl-S).
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    // Without automatic wrapping a line that is too long, as after the window was made narrower, is cut off and not broken in two.
    private const string WrapOff = "\e[?7l";
    private const string WrapOn = "\e[?7h";
    private const string EraseToEndOfLine = "\e[K";
    private const string EraseToEndOfScreen = "\e[J";

    private static readonly ConditionalWeakTable<IAnsiConsole, ProgressScreen> Screens = [];
    private static readonly ConditionalWeakTable<TextWriter, IAnsiConsole> ErrorConsoles = [];   // one, unless Console.SetError was called

    private readonly Lock _lock = new();
    private readonly IAnsiConsole _console;
    private readonly TimeProvider _timeProvider;
    private readonly bool _isTerminal;
    private readonly List<ProgressLine> _lines = [];   // of maps that run, in the order in which they began
    private int _drawn;                                // how many lines stand in the block
    private long _refreshAt;
    private bool _isClosed;                            // set once, when the process ends
    private PosixSignalRegistration[] _signals = [];   // while there are lines

    private ProgressScreen(IAnsiConsole console, TimeProvider timeProvider)
    {
        _console = console;
        _timeProvider = timeProvider;
        // Spectre takes a file for one that understands escape codes; and for not interactive a terminal whose stdin is a pipe.
        _isTerminal = console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi;
        _refreshAt = timeProvider.GetTimestamp();
    }

    public static ProgressScreen Of(IAnsiConsole console, TimeProvider timeProvider) =>
        Screens.GetValue(console, console => new ProgressScreen(console, timeProvider));

    public static ProgressScreen OfStandardError() => Of(
        ErrorConsoles.GetValue(Console.Error, static error => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) })),
        TimeProvider.System);

    public ProgressLine Begin(string description, MapProgress first)
    {
        lock (_lock)
        {
            var line = new ProgressLine(this, description, first, After(PrintInterval));
            _lines.Add(line);
            if (_lines.Count == 1) WatchForTheEnd_NeedsLock();
            if (_isTerminal) Refresh_NeedsLock();
            return line;
        }
    }

    public void Show(ProgressLine line, MapProgress progress)
    {
        lock (_lock)
        {
            if (line.HasEnded) return;
            line.Set_NeedsLock(progress, hasEnded: false);
            if (_isTerminal)
            {
                Refresh_NeedsLock();
            }
            else if (_timeProvider.GetTimestamp() >= line.PrintAt)
            {
                line.PrintAt = After(PrintInterval);
                Print_NeedsLock(line);
            }
        }
    }

    public void End(ProgressLine line, MapProgress last)
    {
        lock (_lock)
        {
            if (line.HasEnded) return;
            line.Set_NeedsLock(last, hasEnded: true);
            _lines.Remove(line);
            if (_lines.Count == 0) UnwatchTheEnd_NeedsLock();
            if (_isTerminal) Draw_NeedsLock(ended: line);
            else Print_NeedsLock(line);
        }
    }

    private long After(TimeSpan span) => _timeProvider.GetTimestamp() + (long)(span.TotalSeconds * _timeProvider.TimestampFrequency);

    private void Refresh_NeedsLock()
    {
        var now = _timeProvider.GetTimestamp();
        if (now < _refreshAt) return;
        // A refresh that came late lets the next one come early: timers are not exact, and two tenths would pass between many.
        var interval = After(RefreshInterval) - now;
        _refreshAt = Math.Max(_refreshAt + interval, now + (interval / 2));
        Draw_NeedsLock(ended: null);
    }

    private void Draw_NeedsLock(ProgressLine? ended)
    {
        // What is scrolled out at the top cannot be drawn over: lines for which there is no room wait until there is.
        var shown = Math.Min(_lines.Count, Math.Max(1, _console.Profile.Height - 1));
        var block = _lines.Take(shown);
        if (ended is not null) block = block.Prepend(ended);

        List<Segment> segments = [Segment.Control(_drawn > 1 ? $"\r\e[{_drawn - 1}A{WrapOff}" : $"\r{WrapOff}")];
        var isFirst = true;
        foreach (var line in block)
        {
            if (!isFirst) segments.Add(Segment.Control(EraseToEndOfLine + "\n"));
            isFirst = false;
            LineLayout.Draw(segments, line, _console.Profile.Width, _console.Profile.Capabilities.Unicode);
        }

        segments.Add(Segment.Control(EraseToEndOfScreen + WrapOn));
        if (shown == 0) segments.Add(Segment.Control("\n"));
        _drawn = shown;
        Write_NeedsLock(segments);
    }

    private void Print_NeedsLock(ProgressLine line) => Write_NeedsLock([new Segment(LineLayout.Plain(line)), Segment.LineBreak]);

    private void Write_NeedsLock(IReadOnlyList<Segment> segments)
    {
        if (_isClosed) return;
        try
        {
            _console.Write(new Drawing(segments));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Whoever looked has gone; the map goes on.
        }
    }

    // While there are lines, the process is not to end in the middle of one. A map in whose enumeration an exception stays unhandled never
    // learns that it has ended: the runtime runs no finally block then.
    private void WatchForTheEnd_NeedsLock()
    {
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        // .NET 10 has no handler of its own for these, so that neither would raise ProcessExit. They go on to do what they do.
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Leave(isOver: false)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Leave(isOver: false)),
        ];
    }

    private void UnwatchTheEnd_NeedsLock()
    {
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        foreach (var signal in _signals) signal.Dispose();
        _signals = [];
    }

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs e) => Leave(isOver: true);

    private void OnProcessExit(object? sender, EventArgs e) => Leave(isOver: true);

    /// <summary>Leaves the lines where they are; a process that outlives its Ctrl-C goes on below them.</summary>
    internal void Leave(bool isOver)
    {
        if (!_lock.TryEnter(LastPatience)) return;
        try
        {
            if (_lines.Count == 0 || _isClosed) return;
            if (_isTerminal)
            {
                Draw_NeedsLock(ended: null);
                Write_NeedsLock([Segment.Control("\n")]);
                _drawn = 0;
            }
            else
            {
                foreach (var line in _lines) Print_NeedsLock(line);
            }

            _isClosed |= isOver;
        }
        finally
        {
            _lock.Exit();
        }
    }
}
