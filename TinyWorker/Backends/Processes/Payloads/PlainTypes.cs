using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Reflection;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>Which types are nothing but their bits, so that these can travel. Asked once per troupe, never per item.</summary>
internal static class PlainTypes
{
    /// <summary>
    /// Primitives, enums, and what the framework makes of them: decimal, Guid, dates, Half, Int128, Complex, vectors, and the nullables and
    /// tuples of all these. Not the user's own structs, which may say themselves how they are to be serialized; many of the framework's
    /// could not be read back from JSON, and none says so.
    /// </summary>
    public static bool Contains(Type type)
    {
        if (type.IsPrimitive) return type != typeof(nint) && type != typeof(nuint);
        if (type.IsEnum) return true;
        if (!type.IsValueType || type.IsByRefLike || !IsOfTheFramework(type)) return false;
        foreach (var argument in type.GetGenericArguments())
            if (!Contains(argument)) return false;
        return MayBeElement(type);
    }

    /// <summary>Whether arrays of it travel as their bits: any struct without references, the user's own included, as both processes run
    /// the same build; but without pointers and handles, which mean nothing elsewhere.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away holds nothing.")]
    public static bool MayBeElement(Type type)
    {
        if (!type.IsValueType || type.IsByRefLike || type == typeof(nint) || type == typeof(nuint)) return false;
        if (type.IsPrimitive || type.IsEnum) return true;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            if (!MayBeElement(field.FieldType)) return false;
        return true;
    }

    private static bool IsOfTheFramework(Type type) => type.Assembly == typeof(object).Assembly || type.Assembly == typeof(Complex).Assembly;
}
