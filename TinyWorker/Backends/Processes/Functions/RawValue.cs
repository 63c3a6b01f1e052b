using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>
/// Captured texts, numbers, dates and the like, and arrays of them of any rank, as the bytes that they are in memory: exact to the bit. Most
/// functions capture nothing else, and a child that needs no JSON is there 50 ms sooner.
/// </summary>
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal static class RawValue
{
    public static bool Is(Type type) => type == typeof(string) || IsFlat(type) || (type.IsArray && IsFlat(type.GetElementType()!));

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
        var elementType = type == typeof(string) ? typeof(char) : type.IsArray ? type.GetElementType()! : type;
        var lengths = new int[type.IsArray ? type.GetArrayRank() : 1];
        var bounds = new int[lengths.Length];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = reader.Read7BitEncodedInt();
            bounds[i] = reader.Read7BitEncodedInt();
        }

        // Nothing is allocated on the word of a length alone.
        var size = lengths.Aggregate((long)RuntimeHelpers.SizeOf(elementType.TypeHandle), (product, length) => checked(product * length));
        if (size > reader.BaseStream.Length - reader.BaseStream.Position) throw new EndOfStreamException();

        var array = Array.CreateInstance(elementType, lengths, bounds);
        reader.BaseStream.ReadExactly(BytesOf(array));
        return type == typeof(string) ? new string((char[])array) : type.IsArray ? array : array.GetValue(0)!;
    }

    /// <summary>The memory of an array of flat items.</summary>
    public static Span<byte> BytesOf(Array array) => MemoryMarshal.CreateSpan(
        ref MemoryMarshal.GetArrayDataReference(array), checked(array.Length * RuntimeHelpers.SizeOf(array.GetType().GetElementType()!.TypeHandle)));

    private static bool IsFlat(Type type) => KnownTypes.IsAtom(type) && type.IsValueType && type != typeof(BigInteger) && type != typeof(CancellationToken);
}
