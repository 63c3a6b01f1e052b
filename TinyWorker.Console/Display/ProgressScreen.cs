using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace TinyWorker.Display;

/// <summary>
/// The lines on one console. In a terminal they are a block that is redrawn in place; between two drawings the cursor stands at the end of
/// the last line. A line that has ended moves to the top of the block, leaves the block and stays on the screen. If the output is not a
/// terminal, each line is printed every few seconds.
/// </summary>
internal sealed class ProgressScreen
{
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan PrintInterval = TimeSpan.FromSeconds(5);

    // At the end of the process: how long to wait for the lock while a terminal accepts no output (Ctrl-S).
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    // Without automatic wrapping a line that is too long is cut off, not broken in two. Lines are too long after a window gets narrower.
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
    private readonly List<ProgressLine> _lines = [];   // the lines of running maps, in the order in which they began
    private int _drawn;                                // how many lines the block has
    private long _refreshAt;
    private bool _isClosed;                            // set once, when the process ends
    private PosixSignalRegistration[] _signals = [];   // empty while there are no lines

    private ProgressScreen(IAnsiConsole console, TimeProvider timeProvider)
    {
        _console = console;
        _timeProvider = timeProvider;
        // Both are needed: Spectre assumes that a file understands escape codes. Its Interactive is of no use here: a terminal is not
        // interactive for Spectre if stdin is a pipe.
        _isTerminal = console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi;
        _refreshAt = timeProvider.GetTimestamp();
    }

    public static ProgressScreen Of(IAnsiConsole console, TimeProvider timeProvider) =>
        Screens.GetValue(console, console => new ProgressScreen(console, timeProvider));

    public static ProgressScreen OfStandardError() => Of(ErrorConsoles.GetValue(Console.Error, ConsoleOn), TimeProvider.System);

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

    private static IAnsiConsole ConsoleOn(TextWriter writer) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });

    private long After(TimeSpan span) => _timeProvider.GetTimestamp() + (long)(span.TotalSeconds * _timeProvider.TimestampFrequency);

    private void Refresh_NeedsLock()
    {
        var now = _timeProvider.GetTimestamp();
        if (now < _refreshAt) return;
        // After a late refresh the next one may come early. Timers are not exact: otherwise many intervals would take two tenths.
        var interval = After(RefreshInterval) - now;
        _refreshAt = Math.Max(_refreshAt + interval, now + (interval / 2));
        Draw_NeedsLock(ended: null);
    }

    private void Draw_NeedsLock(ProgressLine? ended)
    {
        // A line that is scrolled out at the top cannot be redrawn, so lines that do not fit are not drawn yet.
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
            _console.Write(new RawSegments(segments));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader of the output is gone; the map goes on without a bar.
        }
    }

    // While there are lines, the process should not end in the middle of a line. The map cannot see to that: after an unhandled exception
    // the runtime runs no finally block, so the enumeration of the map is never disposed.
    private void WatchForTheEnd_NeedsLock()
    {
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        // .NET 10 has no handler of its own for these signals, so neither raises ProcessExit. The signals keep their usual effect.
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

    /// <summary>Leaves the lines where they are. If the process survives its Ctrl-C, drawing goes on below them.</summary>
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
