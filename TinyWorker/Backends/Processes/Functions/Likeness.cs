using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>Whether a copy is one: both are gone through side by side, field by field.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal static class Likeness
{
    /// <summary>The first difference, as words that follow "would lose": "the value of its Name of an item"; null if there is none.</summary>
    public static string? Difference(object? value, object? copy)
    {
        if (value is null && copy is null) return null;
        if (value is null || copy is null) return "the value";
        var type = value.GetType();
        if (KnownTypes.IsSaidByAText(value) && copy.GetType().IsAssignableFrom(type)) return null;
        if (type != copy.GetType())
        {
            // What stands behind IReadOnlyList<T> may come back as another kind of list.
            return IsList(value) && IsList(copy) && ElementType(value) == ElementType(copy)
                ? OfItems(value, copy)
                : $"the type {Readable.Name(type)}";
        }

        if (KnownTypes.HasItsOwnConverter(type)) return null;
        if (KnownTypes.IsAtom(type)) return value.Equals(copy) ? null : "the value";
        if (type.IsArray && KnownTypes.IsPrimitive(type.GetElementType()!)) return OfPrimitives((Array)value, (Array)copy);
        return KnownTypes.IsCollection(type) ? OfItems(value, copy) ?? OfComparers(value, copy, type) : OfFields(value, copy, type);
    }

    private static string? OfFields(object value, object copy, Type type)
    {
        foreach (var field in DataFields.Of(type))
            if (Difference(field.GetValue(value), field.GetValue(copy)) is { } difference)
                return $"{difference} of its {Readable.Name(field)}";
        return null;
    }

    private static string? OfItems(object value, object copy)
    {
        var copies = ((IEnumerable)copy).GetEnumerator();
        foreach (var item in (IEnumerable)value)
        {
            if (!copies.MoveNext()) return "the number of the items";
            if (Difference(item, copies.Current) is { } difference) return $"{difference} of an item";
        }

        return copies.MoveNext() ? "the number of the items" : null;
    }

    // The known ones are the same object in both, or two that are of no account where the inspector has let them pass.
    private static string? OfComparers(object value, object copy, Type type) =>
        KnownTypes.ComparersOf(type, value).SequenceEqual(KnownTypes.ComparersOf(type, copy), ReferenceEqualityComparer.Instance)
            ? null
            : "the comparer";

    // Bit by bit, for thousands of numbers. JSON has arrays of one dimension only.
    private static string? OfPrimitives(Array value, Array copy) =>
        value.Length == copy.Length && RawValue.BytesOf(value).SequenceEqual(RawValue.BytesOf(copy)) ? null : "the value of an item";

    private static bool IsList(object value) => value is IList && KnownTypes.IsCollection(value.GetType());

    private static Type ElementType(object list)
    {
        var type = list.GetType();
        return type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[0];
    }
}
