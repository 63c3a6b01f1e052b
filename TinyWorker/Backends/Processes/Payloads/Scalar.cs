using System.Diagnostics.CodeAnalysis;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>Single values whose type travels with them: strings, numbers, dates, and null.</summary>
internal static class Scalar
{
    private static readonly (Type Type, Action<FieldWriter, object> Write, Reading Read)[] Types =
    [
        (typeof(string), (to, value) => to.Write((string)value), (ref FieldReader from) => from.ReadString()),
        (typeof(bool), (to, value) => to.Write((bool)value), (ref FieldReader from) => from.ReadBool()),
        Of<sbyte>(), Of<byte>(), Of<short>(), Of<ushort>(), Of<int>(), Of<uint>(), Of<long>(), Of<ulong>(), Of<Int128>(), Of<UInt128>(),
        Of<Half>(), Of<float>(), Of<double>(), Of<decimal>(), Of<char>(), Of<Guid>(),
        Of<TimeSpan>(), Of<DateTime>(), Of<DateTimeOffset>(), Of<DateOnly>(), Of<TimeOnly>(),
    ];

    private delegate object? Reading(ref FieldReader from);

    /// <summary>Whether values declared so can travel: those of the types above, and enums and nullables of them.</summary>
    public static bool IsScalar(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsEnum || IndexOf(type) >= 0;
    }

    /// <summary>The value as it can travel: an enum goes as its number, which <see cref="As"/> turns back. False if it cannot.</summary>
    public static bool TryMake(object? value, [NotNullWhen(true)] out object? scalar)
    {
        scalar = value is Enum ? Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), null) : value;
        return scalar is not null && IndexOf(scalar.GetType()) >= 0;
    }

    /// <summary>A scalar that was read, as one of the type that it had before.</summary>
    public static object? As(Type type, object? scalar)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return scalar is not null && type.IsEnum ? Enum.ToObject(type, scalar) : scalar;
    }

    /// <summary>Writes null or what <see cref="TryMake"/> has made.</summary>
    public static void Write(FieldWriter to, object? scalar)
    {
        var index = scalar is null ? -1 : IndexOf(scalar.GetType());
        to.Write((sbyte)index);
        if (scalar is not null) Types[index].Write(to, scalar);
    }

    public static object? Read(ref FieldReader from)
    {
        var index = from.Read<sbyte>();
        if (index == -1) return null;
        return index >= 0 && index < Types.Length ? Types[index].Read(ref from) : throw new MalformedFrameException($"a scalar of type {index}");
    }

    private static int IndexOf(Type type) => Array.FindIndex(Types, known => known.Type == type);

    private static (Type Type, Action<FieldWriter, object> Write, Reading Read) Of<T>()
        where T : unmanaged =>
        (typeof(T), (to, value) => to.Write((T)value), (ref FieldReader from) => from.Read<T>());
}
