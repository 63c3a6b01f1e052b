using System.Text;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Makes lines of text that arrives in pieces. A line that is too long comes out in pieces: so no line can fill the memory.
/// </summary>
internal sealed class LineCutter(int longest, Action<string> onLine)
{
    private readonly StringBuilder _line = new();   // the current line so far; always shorter than the longest
    private bool _wasCut;                           // the current line is the rest of a line whose beginning is already out

    public void Add(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf('\n');
            AddPart(end < 0 ? text : text[..end]);
            if (end < 0) return;
            EndLine();
            text = text[(end + 1)..];
        }
    }

    /// <summary>No more text comes. A last line without an end is a line, too.</summary>
    public void End()
    {
        if (_line.Length > 0) EndLine();
    }

    private void AddPart(ReadOnlySpan<char> part)
    {
        while (_line.Length + part.Length >= longest)
        {
            var length = longest - _line.Length;
            // Not between the two halves of a character. The rest is not empty: there is room for two at least.
            if (char.IsHighSurrogate(part[length - 1])) length--;
            _line.Append(part[..length]);
            part = part[length..];
            var piece = _line.ToString();
            _line.Clear();
            _wasCut = true;
            onLine(piece);
        }

        _line.Append(part);
    }

    private void EndLine()
    {
        if (_line.Length > 0 && _line[^1] == '\r') _line.Length--;
        var line = _line.ToString();
        var isNothing = _wasCut && line.Length == 0;   // the cut fell on the line's very end
        _line.Clear();
        _wasCut = false;
        if (!isNothing) onLine(line);
    }
}
