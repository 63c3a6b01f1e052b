using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Processes.Payloads;

/// <summary>
/// Simple values: those of one value without parts, whose type every process has. They are strings, numbers, dates, and enums. This is the
/// one list of them; it also writes and reads them with their types.
/// </summary>
internal static class SimpleValue
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

    /// <summary>Whether the values of a type are simple. Native integers are not: they are handles, as a rule.</summary>
    // The frequent types come first: to make the table costs a new process some milliseconds.
    public static bool Is(Type type) => type.IsPrimitive
        ? type != typeof(nint) && type != typeof(nuint)
        : type.IsEnum || type == typeof(string) || IndexOf(type) >= 0;

    /// <summary>Whether the values of a type are simple, or null.</summary>
    public static bool IsOrNullable(Type type) => Is(Nullable.GetUnderlyingType(type) ?? type);

    /// <summary>
    /// The value as it is written: an enum is written as its number, which <see cref="As"/> turns back. False if it is not simple.
    /// </summary>
    public static bool TryMake(object? value, [NotNullWhen(true)] out object? simple)
    {
        simple = value is Enum ? Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), null) : value;
        return simple is not null && IndexOf(simple.GetType()) >= 0;
    }

    /// <summary>A value that was read, as one of the type that it had before it was written.</summary>
    public static object? As(Type type, object? simple)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return simple is not null && type.IsEnum ? Enum.ToObject(type, simple) : simple;
    }

    /// <summary>Writes null or what <see cref="TryMake"/> has made.</summary>
    public static void Write(FieldWriter to, object? simple)
    {
        var index = simple is null ? -1 : IndexOf(simple.GetType());
        to.Write((sbyte)index);
        if (simple is not null) Types[index].Write(to, simple);
    }

    public static object? Read(ref FieldReader from)
    {
        var index = from.Read<sbyte>();
        if (index == -1) return null;
        return index >= 0 && index < Types.Length
            ? Types[index].Read(ref from)
            : throw new MalformedDataException($"a simple value of type {index}");
    }

    private static int IndexOf(Type type) => Array.FindIndex(Types, known => known.Type == type);

    private static (Type Type, Action<FieldWriter, object> Write, Reading Read) Of<T>()
        where T : unmanaged =>
        (typeof(T), (to, value) => to.Write((T)value), (ref FieldReader from) => from.Read<T>());
}
