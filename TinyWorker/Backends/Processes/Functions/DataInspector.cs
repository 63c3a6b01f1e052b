using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>
/// Looks through a value, all of its parts included, for what cannot go to another process, before anything of the value's own code is
/// run. What passes here has yet to prove that it survives.
/// </summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
internal sealed class DataInspector
{
    // That of System.Text.Json, so that the message is ours.
    private const int MaxDepth = 60;

    private readonly HashSet<object> _around = new(ReferenceEqualityComparer.Instance);   // the parts that the current one is a part of

    /// <summary>The reason as a sentence, beginning with the way to the part that it is about; null if there is none.</summary>
    public string? WhyNot(object? value)
    {
        if (value is null) return null;
        var type = value.GetType();
        if (OfThisProcess.WhyNot(value) is { } reason) return reason;
        if (KnownTypes.IsAtom(type) || KnownTypes.IsSaidByAText(value) || KnownTypes.HasItsOwnConverter(type)) return null;
        if (_around.Count == MaxDepth) return $"it is nested more than {MaxDepth} deep.";
        if (!_around.Add(value)) return "it leads back to itself.";
        reason = KnownTypes.IsCollection(type) ? OfCollection(value, type) : OfObject(value, type);
        _around.Remove(value);
        return reason;
    }

    private string? OfCollection(object collection, Type type)
    {
        if (type.IsArray && KnownTypes.IsAtom(type.GetElementType()!)) return null;
        foreach (var comparer in KnownTypes.ComparersOf(type, collection))
        {
            var isKnown = KnownTypes.IsKeyed(type) ? KnownComparers.NumberOf(comparer) is not null : KnownComparers.IsDefault(comparer);
            if (!isKnown)
            {
                return $"it compares with a {Readable.Name(comparer.GetType())}, which would be lost. A Dictionary or HashSet may have the default " +
                    "comparer, or an ordinal or invariant one of StringComparer; others may have the default one.";
            }
        }

        foreach (var item in (IEnumerable)collection)
            if (WhyNot(item) is { } reason) return Within($"a {Readable.Name(item!.GetType())} in it", reason);
        return null;
    }

    private string? OfObject(object value, Type type)
    {
        if (!KnownTypes.IsPlain(type) && WhyNotPlain(value, type) is { } refusal) return refusal;
        foreach (var field in DataFields.Of(type))
        {
            var part = field.GetValue(value);
            if (WhyNot(part) is { } reason) return Within($"its {Readable.Name(field)} ({Readable.Name(part!.GetType())})", reason);
        }

        return null;
    }

    private static string? WhyNotPlain(object value, Type type)
    {
        if (value is IEnumerable)
            return "its items are made when they are asked for, or kept in a way of its own. Make it an array, a List, a Dictionary or a HashSet first.";
        for (var part = type; part is not null && part != typeof(object) && part != typeof(ValueType); part = part.BaseType)
            if (KnownTypes.IsOfDotNet(part))
                return part == type
                    ? "it is not one of the types of .NET that can be copied."
                    : $"it derives from {Readable.Name(part)}, whose inside cannot be copied.";
        if (value is IDisposable or IAsyncDisposable) return OfThisProcess.Disposable;
        if (Closure.IsMadeByCompiler(type) && !Closure.IsAnonymousType(type)) return "it is made by the compiler.";
        return type.IsDefined(typeof(InlineArrayAttribute), inherit: false) ? "it is an inline array. Make it an array first." : null;
    }

    private static string Within(string part, string reason) =>
        // One part after the other: "its Log (Log), its Writer (StreamWriter): it holds ...".
        reason.StartsWith("its ", StringComparison.Ordinal) && reason.Contains("): ", StringComparison.Ordinal)
            ? $"{part}, {reason}"
            : $"{part}: {reason}";
}
