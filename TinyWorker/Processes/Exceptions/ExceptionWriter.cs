using System.Collections;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>
/// Writes one exception with its inner exceptions. If the exception's own code throws, only the value that was asked for is left out. What
/// is too large is cut.
/// </summary>
/// <param name="buffer">Where it is written to.</param>
/// <param name="withVersions">Whether the types are named with the versions of their assemblies. Not for a reader of another build.</param>
internal sealed class ExceptionWriter(PayloadBuffer buffer, bool withVersions = true)
{
    private readonly FieldWriter _to = new(buffer);
    private readonly List<Exception> _outer = [];                    // the exceptions whose inner exceptions are being written
    private int _exceptionsLeft = ExceptionLimits.Exceptions - 1;    // besides the first
    private int _charactersLeft = ExceptionLimits.AllTexts;
    private int _dataLeft = ExceptionLimits.DataEntries;
    private bool _wasCut;                                            // whether a text was cut since this was last reset

    public void Write(Exception exception)
    {
        var type = exception.GetType();
        var message = Ask(exception, static e => e.Message, threw => $"(Its Message threw a {threw.GetType()}.)");
        // Read after Message: some types set the field only when Message is read.
        var rawMessage = ExceptionFields.GetMessage(exception);
        // What the other process would not take as the name of a type is not sent: the exception becomes a RemoteWorkerException.
        var name = type.AssemblyQualifiedName;
        if (!withVersions && name is not null) name = TypeNames.WithoutVersions(name);
        _to.Write(name is not null && ExceptionLimits.IsNameOfType(name) ? name : null);
        var typeName = type.ToString();
        _to.Write(typeName.Length <= ExceptionLimits.NameLength ? typeName : typeName[..ExceptionLimits.NameLength]);
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
        if (OwnExceptionState.Has(exception.GetType()))
        {
            var state = OwnExceptionState.Of(exception);
            _to.Write(state.Count);
            foreach (var (name, simple) in state)
            {
                _to.Write(name);
                SimpleValue.Write(_to, simple is string text ? Cut(text) : simple);
            }

            return;
        }

        var properties = Ask(exception, static e => ExceptionShape.Of(e.GetType()).Readable, _ => null) ?? [];
        if (properties.Length > ExceptionLimits.Properties) properties = properties[..ExceptionLimits.Properties];
        _to.Write(properties.Length);
        foreach (var property in properties)
        {
            var value = Ask(exception, property.GetValue, _ => null);
            // A value of another type is mostly there to be shown.
            if (!SimpleValue.TryMake(value, out var simple) && value is not null) simple = Ask(exception, _ => value.ToString(), _ => null);
            _to.Write(property.Name);
            SimpleValue.Write(_to, simple is string text ? Cut(text) : simple);
        }
    }

    private void WriteData(Exception exception)
    {
        var entries = new List<(object Key, object? Value)>();
        Ask(exception, e => CollectData(e.Data, entries), _ => false);
        _to.Write(entries.Count);
        foreach (var (key, value) in entries)
        {
            SimpleValue.Write(_to, key is string keyText ? Cut(keyText) : key);
            SimpleValue.Write(_to, value is string text ? Cut(text) : value);
        }
    }

    private bool CollectData(IDictionary? data, List<(object Key, object? Value)> entries)
    {
        if (data is null) return false;
        foreach (DictionaryEntry entry in data)
        {
            if (_dataLeft == 0) break;
            // An enum would come back as a number.
            if (entry.Key is Enum or null || entry.Value is Enum || !SimpleValue.TryMake(entry.Key, out _)) continue;
            if (!SimpleValue.TryMake(entry.Value, out _) && entry.Value is not null) continue;
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
        // ExceptionLimits.CutText has room for this.
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

/// <summary>
/// How much of an exception is sent. The rest is cut, and so is an exception that is its own inner exception. The reader takes no more: the
/// other process may have gone mad.
/// </summary>
internal static class ExceptionLimits
{
    public const int Depth = 100;              // inner exceptions of inner exceptions
    public const int Exceptions = 1000;        // in all
    public const int TextLength = 64 * 1024;   // characters of a message, of a stack trace, of an entry of Data
    public const int AllTexts = 1024 * 1024;   // characters of all of them
    public const int DataEntries = 1000;       // in all
    public const int Properties = 1000;        // of each exception
    public const int NameLength = 4096;        // characters of the name of a type or property
    public const int CutText = TextLength + 64;   // characters of a text that was cut, with the words that say so
    public const int Bytes = 64 * 1024 * 1024;    // of all: more than the others add up to, but for what no program has

    private const int NameNesting = 64;        // type arguments, arrays and pointers in a name

    /// <summary>
    /// Whether the name of a type is short and plain enough to be looked up: the runtime follows arrays of arrays and type arguments of type
    /// arguments by recursion, until the stack overflows.
    /// </summary>
    public static bool IsNameOfType(string name) =>
        name.Length <= NameLength && name.AsSpan().Count('[') + name.AsSpan().Count('*') + name.AsSpan().Count('&') <= NameNesting;
}
