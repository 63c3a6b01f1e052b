using System.Collections;
using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>
/// Writes one exception with its inner ones. Whatever its own code throws meanwhile leaves out what was asked for and nothing else; what
/// is too much is cut.
/// </summary>
internal sealed class ExceptionWriter(PayloadBuffer buffer)
{
    private readonly FieldWriter _to = new(buffer);
    private readonly List<Exception> _outer = [];                    // those whose inner ones are being written
    private int _exceptionsLeft = ExceptionLimits.Exceptions - 1;    // besides the first
    private int _charactersLeft = ExceptionLimits.AllTexts;
    private int _dataLeft = ExceptionLimits.DataEntries;
    private bool _wasCut;                                            // whether a text has been, since this was last reset

    public void Write(Exception exception)
    {
        var type = exception.GetType();
        var message = Ask(exception, static e => e.Message, threw => $"(Its Message threw a {threw.GetType()}.)");
        // Asked for second: some make it only when they are asked for the first.
        var rawMessage = ExceptionFields.GetMessage(exception);
        _to.Write(type.AssemblyQualifiedName);
        _to.Write(type.ToString());
        _wasCut = false;
        _to.Write(Cut(message) ?? "");
        _to.Write(rawMessage == message ? null : Cut(rawMessage));
        _to.Write(_wasCut ? (byte)1 : (byte)0);
        _to.Write(Cut(Ask(exception, static e => e.StackTrace, _ => null)));
        WriteProperties(exception);
        WriteData(exception);
        WriteInner(exception);
    }

    private void WriteProperties(Exception exception)
    {
        var properties = Ask(exception, static e => ExceptionShape.Of(e.GetType()).Readable, _ => null) ?? [];
        _to.Write(properties.Length);
        foreach (var property in properties)
        {
            var value = Ask(exception, property.GetValue, _ => null);
            // What can be anything is mostly there to be shown.
            if (!Scalar.TryMake(value, out var scalar) && value is not null) scalar = Ask(exception, _ => value.ToString(), _ => null);
            _to.Write(property.Name);
            Scalar.Write(_to, scalar is string text ? Cut(text) : scalar);
        }
    }

    private void WriteData(Exception exception)
    {
        var entries = new List<(object Key, object? Value)>();
        Ask(exception, e => CollectData(e.Data, entries), _ => false);
        _to.Write(entries.Count);
        foreach (var (key, value) in entries)
        {
            Scalar.Write(_to, key is string keyText ? Cut(keyText) : key);
            Scalar.Write(_to, value is string text ? Cut(text) : value);
        }
    }

    private bool CollectData(IDictionary? data, List<(object Key, object? Value)> entries)
    {
        if (data is null) return false;
        foreach (DictionaryEntry entry in data)
        {
            if (_dataLeft == 0) break;
            // An enum would come back as a number.
            if (entry.Key is Enum or null || entry.Value is Enum || !Scalar.TryMake(entry.Key, out _)) continue;
            if (!Scalar.TryMake(entry.Value, out _) && entry.Value is not null) continue;
            entries.Add((entry.Key, entry.Value));
            _dataLeft--;
        }

        return true;
    }

    private void WriteInner(Exception exception)
    {
        _outer.Add(exception);
        Exception?[] all = exception is AggregateException many ? [.. many.InnerExceptions] : [exception.InnerException];
        var inner = new List<Exception>();
        foreach (var one in all)
        {
            if (one is null || _exceptionsLeft == 0 || _outer.Count > ExceptionLimits.Depth) continue;
            if (_outer.Any(outer => ReferenceEquals(outer, one))) continue;
            _exceptionsLeft--;
            inner.Add(one);
        }

        _to.Write(inner.Count);
        foreach (var one in inner) Write(one);
        _outer.RemoveAt(_outer.Count - 1);
    }

    private string? Cut(string? text)
    {
        if (text is null) return null;
        var limit = Math.Min(ExceptionLimits.TextLength, _charactersLeft);
        _charactersLeft -= Math.Min(text.Length, limit);
        if (text.Length <= limit) return text;
        _wasCut = true;
        return $"{text.AsSpan(0, limit)}... ({text.Length - limit:N0} more characters were cut)";
    }

    private static TResult? Ask<TResult>(Exception exception, Func<Exception, TResult?> question, Func<Exception, TResult?> otherwise)
    {
        try
        {
            return question(exception);
        }
        catch (Exception threw)
        {
            return otherwise(threw);
        }
    }
}
