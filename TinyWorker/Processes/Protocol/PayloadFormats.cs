using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Exceptions;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Protocol;

/// <summary>Which format each payload has. Parent and child choose alike.</summary>
internal static class PayloadFormats
{
    /// <summary>For a <see cref="StartMessage"/>.</summary>
    public static PayloadFormat<byte[]?> Bytes { get; } = new ArrayFormat<byte>();

    /// <summary>For the number of a task.</summary>
    public static PayloadFormat<long> Number { get; } = new BitwiseFormat<long>();

    /// <summary>For an <see cref="ActivityHeader"/>.</summary>
    public static PayloadFormat<string?> Text { get; } = new StringFormat();

    /// <summary>For values of type T. Chosen once for each troupe and direction.</summary>
    public static PayloadFormat<T> For<T>(IPayloadSerializer serializer, string troupe)
    {
        var type = typeof(T);
        if (BitwiseTypes.Contains(type)) return new BitwiseFormat<T>();
        if (type == typeof(string)) return Same<T, string?>(new StringFormat());
        if (type == typeof(Memory<byte>))
            return Same<T, Memory<byte>>(new BytesFormat<Memory<byte>>(memory => memory, bytes => bytes));
        if (type == typeof(ReadOnlyMemory<byte>))
            return Same<T, ReadOnlyMemory<byte>>(new BytesFormat<ReadOnlyMemory<byte>>(memory => memory, bytes => bytes));
        if (type == typeof(ArraySegment<byte>))
        {
            return Same<T, ArraySegment<byte>>(new BytesFormat<ArraySegment<byte>>(
                segment => segment.Array is null ? default(ReadOnlyMemory<byte>?) : segment.AsMemory(),
                bytes => bytes is null ? default : new ArraySegment<byte>(bytes)));
        }

        if (typeof(Exception).IsAssignableFrom(type)) return new ExceptionFormat<T>(troupe);
        return ForArray<T>() ?? new SerializerFormat<T>(serializer);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "ArrayFormat has one constructor, which this class itself keeps.")]
    private static PayloadFormat<T>? ForArray<T>()
    {
        var type = typeof(T);
        if (!type.IsSZArray) return null;
        if (type == typeof(byte[])) return Same<T, byte[]?>(new ArrayFormat<byte>());
        // Without a compiler at run time, only byte arrays have a format here; the serializer writes the other arrays.
        if (!RuntimeFeature.IsDynamicCodeSupported || !BitwiseTypes.ContainsElement(type.GetElementType()!)) return null;
        return (PayloadFormat<T>)Activator.CreateInstance(typeof(ArrayFormat<>).MakeGenericType(type.GetElementType()!))!;
    }

    private static PayloadFormat<T> Same<T, TSame>(PayloadFormat<TSame> format) => (PayloadFormat<T>)(object)format;
}
