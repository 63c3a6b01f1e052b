using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.Processes.Data;

/// <summary>
/// Looks through a value and all of its parts for what cannot be sent to another process. It runs no code of the value's. A value that
/// passes is then copied, and the copy compared.
/// </summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal sealed class DataInspector
{
    // Below the limit of System.Text.Json, whose message says less.
    private const int MaxDepth = 60;

    private readonly HashSet<object> _around = new(ReferenceEqualityComparer.Instance);   // the current part, and all that it is a part of

    /// <summary>Why the value cannot be sent, as a sentence that begins with the path to the part in question; null if it can.</summary>
    public string? WhyNot(object? value)
    {
        if (value is null) return null;
        var type = value.GetType();
        if (ProcessBoundValues.WhyNot(value) is { } reason) return reason;
        if (KnownTypes.HasNoParts(type) || KnownTypes.MadeFromText(value) is not null || KnownTypes.HasItsOwnConverter(type)) return null;
        if (_around.Count == MaxDepth) return $"it is nested more than {MaxDepth} deep.";
        if (!_around.Add(value)) return "it leads back to itself.";
        var collection = KnownTypes.CollectionPart(type);
        reason = collection is null ? null : OfCollection(value, collection);
        if (reason is null && collection != type) reason = OfObject(value, type);
        _around.Remove(value);
        return reason;
    }

    private string? OfCollection(object collection, Type type)
    {
        if (type.IsArray && KnownTypes.HasNoParts(type.GetElementType()!)) return null;
        if (CollectionRules.WhyNotItsComparers(collection, type, KnownTypes.IsKeyed(type)) is { } refusal) return refusal;
        foreach (var item in (IEnumerable)collection)
            if (WhyNot(item) is { } reason) return Within($"a {SourceNames.Name(item!.GetType())} in it", reason);
        return null;
    }

    private string? OfObject(object value, Type type)
    {
        if (!KnownTypes.IsTupleOrPair(type) && WhyNotByType(type) is { } refusal) return refusal;
        foreach (var field in DataFields.Of(type))
        {
            var part = field.GetValue(value);
            if (WhyNot(part) is { } reason) return Within($"its {SourceNames.Name(field)} ({SourceNames.Name(part!.GetType())})", reason);
        }

        return null;
    }

    /// <summary>Why objects of a type cannot be sent, as a sentence; null if only the object can tell.</summary>
    public static string? WhyNotByType(Type type)
    {
        if (typeof(IEnumerable).IsAssignableFrom(type) && KnownTypes.CollectionPart(type) is null
            && (KnownTypes.IsOfDotNet(type) || !KnownTypes.CanBeFilled(type)))
        {
            return "its items are made when they are asked for, or kept in a way of its own. " +
                "Make it an array, a List, a Dictionary or a HashSet first.";
        }

        if (WhyNotOpaque(type) is { } reason) return reason;
        if (KnownTypes.IsDisposable(type)) return ProcessBoundValues.Disposable;
        if (Closure.IsMadeByCompiler(type) && !Closure.IsAnonymousType(type)) return "it is made by the compiler.";
        return type.IsDefined(typeof(InlineArrayAttribute), inherit: false) ? "it is an inline array. Make it an array first." : null;
    }

    /// <summary>The same, if the type is or derives from a class of .NET in which nothing can be seen.</summary>
    public static string? WhyNotOpaque(Type type)
    {
        for (var part = type; part is not null && part != typeof(object) && part != typeof(ValueType); part = part.BaseType)
        {
            if (KnownTypes.IsCollection(part)) break;
            if (KnownTypes.IsOfDotNet(part) && KnownTypes.IsOpaque(part, isWhole: part == type))
            {
                return part == type
                    ? "it is not one of the types of .NET that can be copied."
                    : $"it derives from {SourceNames.Name(part)}, whose inside cannot be copied.";
            }
        }

        return null;
    }

    /// <summary>A reason that holds for a part of a value, for the whole value.</summary>
    public static string Within(string part, string reason) =>
        // Parts are joined: "its Log (Log), its Writer (StreamWriter): it holds ...".
        reason.StartsWith("its ", StringComparison.Ordinal) && reason.Contains("): ", StringComparison.Ordinal)
            ? $"{part}, {reason}"
            : $"{part}: {reason}";
}
