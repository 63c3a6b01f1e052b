using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Reflection;

namespace TinyWorker.Processes.Payloads;

/// <summary>The types whose values are sent as their bits in memory. Asked once for each troupe, never for each item.</summary>
internal static class BitwiseTypes
{
    /// <summary>
    /// Whether a value by itself is sent as its bits: simple values other than strings, and what the framework makes of bits, such as
    /// Complex, vectors, and the nullables and tuples of all these. Not the user's own structs, which may say themselves how they are
    /// serialized. Many of the framework's structs could not be read back from JSON, and none says so.
    /// </summary>
    public static bool Contains(Type type)
    {
        if (type.IsPrimitive || type.IsEnum) return SimpleValue.Is(type);
        if (!type.IsValueType || type.IsByRefLike || !IsOfTheFramework(type)) return false;
        foreach (var argument in type.GetGenericArguments())
            if (!Contains(argument)) return false;
        return ContainsElement(type);
    }

    /// <summary>
    /// Whether the elements of an array are sent as their bits: any struct without references, the user's own included, because both
    /// processes run the same build; but none with pointers or handles, which mean nothing in another process.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away holds nothing.")]
    public static bool ContainsElement(Type type)
    {
        if (type.IsPrimitive || type.IsEnum) return SimpleValue.Is(type);
        if (!type.IsValueType || type.IsByRefLike) return false;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            if (!ContainsElement(field.FieldType)) return false;
        return true;
    }

    private static bool IsOfTheFramework(Type type) =>
        type.Assembly == typeof(object).Assembly || type.Assembly == typeof(Complex).Assembly;
}
