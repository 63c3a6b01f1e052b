using System.Runtime.CompilerServices;

namespace TinyWorker.Processes.Payloads;

/// <summary>
/// An array of elements without references: nothing for null, otherwise a byte and the elements' bits. A large array is sent from its own
/// memory, and received into memory that becomes the array.
/// </summary>
internal sealed class ArrayFormat<TElement> : PayloadFormat<TElement[]?>
{
    /// <summary>The byte before the elements. It tells an empty array from null.</summary>
    public const byte Present = 1;

    public override bool MayBeShared => true;

    public override void Write(TElement[]? value, PayloadBuffer buffer)
    {
        if (value is null) return;
        // The runtime takes an int[] for a uint[], and an enum for its number.
        if (value.GetType() != typeof(TElement[])) throw OtherArray(value);
        var length = 1 + value.LongLength * Unsafe.SizeOf<TElement>();
        // The buffer has the same limit, but its lengths have 32 bits. Not tested: it takes too much memory.
        if (length > PayloadLimit.Max) throw PayloadLimit.Exceeded(typeof(TElement[]), length, PayloadLimit.Max);
        buffer.Write([Present]);
        if (length <= PayloadBuffer.ByReference) buffer.Write(ArrayMemory<TElement>.BytesOf(value));
        else buffer.WriteByReference(ArrayMemory<TElement>.Over(value));
    }

    public override TElement[]? Read(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty) return null;
        CheckTag(payload.Span[0]);
        var count = CountIn(payload.Length - 1);
        var array = count == 0 ? [] : GC.AllocateUninitializedArray<TElement>(count);
        payload.Span[1..].CopyTo(ArrayMemory<TElement>.BytesOf(array));
        return array;
    }

    public override LargePayload Receive(int length)
    {
        CountIn(length - 1);
        return new LargeArray<TElement>(length, tagged: true);
    }

    public override TElement[]? Read(LargePayload payload)
    {
        if (payload is not LargeArray<TElement> { IsTagged: true } large) return Read(payload.Bytes);
        CheckTag(large.Tag);
        return large.Array;
    }

    private static NotSupportedException OtherArray(TElement[] value) => new(
        $"A value of type {typeof(TElement[])} cannot go to another process: it is a {value.GetType()}, and would come back as a " +
        $"{typeof(TElement[])}. Declare the type that is sent.");

    private static int CountIn(int bytes)
    {
        var size = Unsafe.SizeOf<TElement>();
        var (count, rest) = Math.DivRem(bytes, size);
        return rest == 0 ? count : throw new MalformedDataException($"{bytes} bytes for an array of {typeof(TElement)}, of {size} each");
    }

    private static void CheckTag(byte tag)
    {
        if (tag != Present) throw new MalformedDataException($"an array of {typeof(TElement)} that begins with {tag}");
    }
}

/// <summary>A type that refers to bytes, such as Memory: sent as an array of bytes, without a copy.</summary>
internal sealed class BytesFormat<T>(Func<T, ReadOnlyMemory<byte>?> toBytes, Func<byte[]?, T> fromBytes) : PayloadFormat<T>
{
    private static readonly ArrayFormat<byte> Bytes = new();

    public override bool MayBeShared => true;

    public override void Write(T value, PayloadBuffer buffer)
    {
        if (toBytes(value) is not { } bytes) return;
        buffer.Write([ArrayFormat<byte>.Present]);
        buffer.WriteByReference(bytes);
    }

    public override T Read(ReadOnlyMemory<byte> payload) => fromBytes(Bytes.Read(payload));

    public override LargePayload Receive(int length) => Bytes.Receive(length);

    public override T Read(LargePayload payload) => fromBytes(Bytes.Read(payload));
}
