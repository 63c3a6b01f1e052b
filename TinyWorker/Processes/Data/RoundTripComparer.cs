using System.Collections;
using System.Diagnostics.CodeAnalysis;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>Compares a value with its copy, field by field.</summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
[RequiresDynamicCode(DataReflection.Reason)]
internal static class RoundTripComparer
{
    /// <summary>
    /// The first difference, as words that follow "would lose": "the value of its Name of an item"; null if there is none.
    /// </summary>
    public static string? Difference(object? value, object? copy)
    {
        if (value is null && copy is null) return null;
        if (value is null || copy is null) return "the value";
        var type = value.GetType();
        if (KnownTypes.MadeFromText(value) is { } text) return text == KnownTypes.MadeFromText(copy) ? null : "the value";
        if (type != copy.GetType())
        {
            // The value of an IReadOnlyList<T> may come back as another kind of list.
            return IsList(value) && IsList(copy) && ElementType(value) == ElementType(copy)
                ? OfItems(value, copy)
                : $"the type {SourceNames.Name(type)}";
        }

        if (KnownTypes.HasItsOwnConverter(type)) return null;
        if (KnownTypes.HasNoParts(type)) return value.Equals(copy) ? null : "the value";
        if (type.IsArray && type.GetElementType() is { IsPrimitive: true } element && SimpleValue.Is(element))
            return OfPrimitives((Array)value, (Array)copy);
        if (KnownTypes.CollectionPart(type) is { } collection
            && (OfItems(value, copy) ?? OfComparers(value, copy, collection)) is { } difference)
        {
            return difference;
        }

        return OfFields(value, copy, type);
    }

    private static string? OfFields(object value, object copy, Type type)
    {
        foreach (var field in DataFields.Of(type))
            if (Difference(field.GetValue(value), field.GetValue(copy)) is { } difference)
                return $"{difference} of its {SourceNames.Name(field)}";
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

    // A known comparer is the same object in both.
    private static string? OfComparers(object value, object copy, Type type) =>
        CollectionRules.ComparersOf(type, value).SequenceEqual(CollectionRules.ComparersOf(type, copy), ReferenceEqualityComparer.Instance)
            ? null
            : "the comparer";

    // Compares bits, for thousands of numbers. JSON has arrays of one dimension only.
    private static string? OfPrimitives(Array value, Array copy) =>
        value.Length == copy.Length && BitwiseValue.BytesOf(value).SequenceEqual(BitwiseValue.BytesOf(copy))
            ? null
            : "the value of an item";

    private static bool IsList(object value) => value is IList && KnownTypes.IsCollection(value.GetType());

    private static Type ElementType(object list)
    {
        var type = list.GetType();
        return type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[0];
    }
}
