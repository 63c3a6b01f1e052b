using TinyWorker.Threading;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// What the runtime of a child wrote to stderr when it died: a first line that says why, perhaps a message, and the frames of the stack,
/// which may be thousands. The first of them are kept, without those of the library.
/// </summary>
internal sealed class CrashReport
{
    private const int MostTextLines = 10;
    private const int MostFrames = 15;
    private const int LongestLine = 1000;   // characters
    private const string Frame = "   at ";
    private const string Unhandled = "Unhandled exception.";
    private const string Terminated = "Process terminated.";
    private const string Overflow = "Stack overflow.";
    private const string Fatal = "Fatal error.";
    private const string NoMemory = "Out of memory.";

    private static readonly string[] FirstWords = [Unhandled, Terminated, Overflow, Fatal, NoMemory];

    // The frames of the library, and what the runtime has between them and the user's code.
    private static readonly string[] NotTheUsers =
    [
        .. new[] { "Threading", "Diagnostics", "Futures", "Tasks", "Workers", "Platform", "Processes", "Streaming" }
            .Select(folder => $"{nameof(TinyWorker)}.{folder}."),
        "StartupHook.", "System.StartupHookProvider.",
        "System.Reflection.MethodBaseInvoker.", "System.Reflection.RuntimeMethodInfo.Invoke(", "System.Environment.FailFast(",
    ];

    private readonly List<string> _lines;
    private readonly int _before;    // how many of the lines were there before
    private int _textLines = 1;
    private int _frames;

    private CrashReport(IEnumerable<string> before, string firstLine)
    {
        _lines = [.. before];
        _before = _lines.Count;
        _lines.Add(Shortened(firstLine));
    }

    /// <summary>What was written, the lines before it included.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>How many of the lines are the runtime's.</summary>
    public int Length => _lines.Count - _before;

    /// <summary>A report, if the line is the first of one.</summary>
    public static CrashReport? Begin(string line, IEnumerable<string> before) =>
        Array.Exists(FirstWords, word => line.StartsWith(word, StringComparison.Ordinal)) ? new CrashReport(before, line) : null;

    public void Add(string line)
    {
        if (IsFrame(line))
        {
            if (_frames == MostFrames || Array.Exists(NotTheUsers, name => line.Contains(' ' + name, StringComparison.Ordinal))) return;
            _frames++;
        }
        else if (_textLines++ >= MostTextLines)
        {
            return;
        }

        _lines.Add(Shortened(line));
    }

    /// <summary>What happened to the process, as the part of a sentence: "overflowed its stack".</summary>
    public override string ToString()
    {
        var first = _lines[_before];
        var rest = first[FirstWords.First(word => first.StartsWith(word, StringComparison.Ordinal)).Length..].Trim();
        if (first.StartsWith(Unhandled, StringComparison.Ordinal))
            return $"was ended by an exception that one of its threads did not handle ({rest})";
        if (first.StartsWith(Overflow, StringComparison.Ordinal)) return "overflowed its stack" + Where();
        if (first.StartsWith(NoMemory, StringComparison.Ordinal)) return "ran out of memory";
        var why = rest.Length > 0 ? rest : Message();
        return first.StartsWith(Terminated, StringComparison.Ordinal)
            ? $"ended itself by Environment.FailFast ({why})"
            : $"was ended by a fatal error of the runtime ({why})";
    }

    private string Where() => _lines.Skip(_before).FirstOrDefault(IsFrame) is { } frame ? $" in {frame[Frame.Length..]}" : "";

    private string Message()
    {
        var message = _lines.Skip(_before + 1).TakeWhile(line => !IsFrame(line) && line.Length > 0).ToArray();
        return message.Length > 0 ? string.Join(' ', message) : "without a message";
    }

    private static bool IsFrame(string line) => line.StartsWith(Frame, StringComparison.Ordinal);

    private static string Shortened(string line) => line.Length <= LongestLine ? line : line[..LongestLine] + "...";
}

/// <summary>What a child wrote to stderr last, and the report of its crash if there is one. Thread-safe.</summary>
internal sealed class LastErrors
{
    private const int MostLines = 20;
    private const int LinesBeforeAReport = 5;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new(MostLines);   // guarded by _lock
    private CrashReport? _report;                             // guarded by _lock: the last that began

    public void Add(string line)
    {
        using (Uninterrupted.Enter(_lock))
        {
            if (CrashReport.Begin(line, _lines.TakeLast(LinesBeforeAReport)) is { } report) _report = report;
            else _report?.Add(line);
            if (_lines.Count == MostLines) _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    public string[] Read()
    {
        using (Uninterrupted.Enter(_lock)) return [.. _lines];
    }

    /// <summary>Null if no line began a report. To be called when no more lines come.</summary>
    public CrashReport? Report()
    {
        using (Uninterrupted.Enter(_lock)) return _report;
    }
}
