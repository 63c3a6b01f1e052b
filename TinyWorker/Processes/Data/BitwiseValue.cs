using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>
/// Captured simple values, and arrays of them of any rank, as their bits in memory. Most functions capture nothing else, and a child that
/// needs no JSON is ready 50 ms sooner.
/// </summary>
[RequiresDynamicCode(DataReflection.Reason)]
internal static class BitwiseValue
{
    public static bool Is(Type type) =>
        SimpleValue.Is(type) || (type.IsArray && type.GetElementType() is { IsValueType: true } element && SimpleValue.Is(element));

    public static void Write(BinaryWriter writer, object value)
    {
        var type = value.GetType();
        if (value is string text)
        {
            value = text.ToCharArray();
        }
        else if (!type.IsArray)
        {
            var one = Array.CreateInstance(type, 1);
            one.SetValue(value, 0);
            value = one;
        }

        var array = (Array)value;
        for (var i = 0; i < array.Rank; i++)
        {
            writer.Write7BitEncodedInt(array.GetLength(i));
            writer.Write7BitEncodedInt(array.GetLowerBound(i));
        }

        writer.Write(BytesOf(array));
    }

    public static object Read(BinaryReader reader, Type type)
    {
        // Bits must never become references.
        if (!Is(type)) throw new InvalidDataException($"{type} does not travel as bits.");
        var elementType = type == typeof(string) ? typeof(char) : type.IsArray ? type.GetElementType()! : type;
        var lengths = new int[type.IsArray ? type.GetArrayRank() : 1];
        var bounds = new int[lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = reader.Read7BitEncodedInt();
            bounds[i] = reader.Read7BitEncodedInt();
        }

        // A length that lies allocates nothing.
        var size = lengths.Aggregate((long)RuntimeHelpers.SizeOf(elementType.TypeHandle), (product, length) => checked(product * length));
        if (size > reader.BaseStream.Length - reader.BaseStream.Position) throw new EndOfStreamException();

        var array = Array.CreateInstance(elementType, lengths, bounds);
        reader.BaseStream.ReadExactly(BytesOf(array));
        return type == typeof(string) ? new string((char[])array) : type.IsArray ? array : array.GetValue(0)!;
    }

    /// <summary>The memory of an array whose elements have no references.</summary>
    public static Span<byte> BytesOf(Array array) => MemoryMarshal.CreateSpan(
        ref MemoryMarshal.GetArrayDataReference(array),
        checked(array.Length * RuntimeHelpers.SizeOf(array.GetType().GetElementType()!.TypeHandle)));
}
