using System.Globalization;
using System.Text;
using Spectre.Console;

namespace TinyWorker.Tests.Progress;

/// <summary>
/// A console that writes to a string, and what a terminal would show of it. It knows the escape codes that the bar uses, and fails at
/// others.
/// </summary>
internal sealed class FakeTerminal : IAnsiConsoleOutput
{
    private readonly StringWriter _written = new();

    public FakeTerminal(int width, bool isTerminal = true, bool unicode = true, int height = 24)
    {
        (Width, Height, IsTerminal) = (width, height, isTerminal);
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.TrueColor, Out = this,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        Console.Profile.Capabilities.Unicode = unicode;
    }

    public IAnsiConsole Console { get; }

    public TextWriter Writer => _written;

    public bool IsTerminal { get; }

    public int Width { get; }

    public int Height { get; }

    public string Written => _written.ToString();

    public int Drawings => Written.Split("\e[?7l").Length - 1;

    public void SetEncoding(Encoding encoding)
    {
    }

    /// <summary>The rows as a terminal shows them. The cursor is in the last one.</summary>
    public string[] Rows()
    {
        List<StringBuilder> rows = [new()];
        var (row, column) = (0, 0);
        var text = Written;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\r':
                    column = 0;
                    break;
                case '\n':
                    column = 0;
                    if (++row == rows.Count) rows.Add(new());
                    break;
                case '\e':
                    var end = text.IndexOfAny([.. "AKJmhl"], i);
                    var argument = text[(i + 2)..end];
                    if (text[end] == 'A') row -= int.Parse(argument, CultureInfo.InvariantCulture);
                    else if (text[end] == 'K') rows[row].Length = Math.Min(column, rows[row].Length);
                    else if (text[end] == 'J')
                    {
                        rows[row].Length = Math.Min(column, rows[row].Length);
                        rows.RemoveRange(row + 1, rows.Count - row - 1);
                    }
                    else Assert.That(text[end] == 'm' || argument == "?7");
                    i = end;
                    break;
                default:
                    Assert.That(column, Is.LessThan(Width - 1), "Nothing is written into the last column.");
                    if (column == rows[row].Length) rows[row].Append(' ');
                    rows[row][column++] = text[i];
                    break;
            }
        }

        return [.. rows.Select(row => row.ToString())];
    }
}
