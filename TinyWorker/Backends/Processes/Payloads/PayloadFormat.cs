using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>How the values of one type lie in a payload.</summary>
internal abstract class PayloadFormat
{
    /// <summary>What takes in a payload of this many bytes, one too large to be put together anywhere else than where it stays.</summary>
    public virtual LargePayload Receive(int length) => new LargeArray<byte>(length, tagged: false);

    /// <summary>The format for T: chosen once per troupe and direction, by both processes alike.</summary>
    public static PayloadFormat<T> For<T>(IPayloadSerializer serializer, string troupe)
    {
        var type = typeof(T);
        if (PlainTypes.Contains(type)) return new RawFormat<T>();
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

        if (typeof(Exception).IsAssignableFrom(type)) return new Errors.ExceptionFormat<T>(troupe);
        return ForArray<T>() ?? new SerializerFormat<T>(serializer);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "ArrayFormat has one constructor, which PayloadFormat itself keeps.")]
    private static PayloadFormat<T>? ForArray<T>()
    {
        var type = typeof(T);
        if (!type.IsSZArray) return null;
        if (type == typeof(byte[])) return Same<T, byte[]?>(new ArrayFormat<byte>());
        // Without a compiler at hand only what is compiled can be made; JSON then carries the others.
        if (!RuntimeFeature.IsDynamicCodeSupported || !PlainTypes.MayBeElement(type.GetElementType()!)) return null;
        return (PayloadFormat<T>)Activator.CreateInstance(typeof(ArrayFormat<>).MakeGenericType(type.GetElementType()!))!;
    }

    private static PayloadFormat<T> Same<T, TSame>(PayloadFormat<TSame> format) => (PayloadFormat<T>)(object)format;
}
