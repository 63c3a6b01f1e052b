using System.Runtime.CompilerServices;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>
/// An array of elements without references: nothing for null, else a byte and the elements' bits. A large one is sent from where it lies,
/// and received where it is to stay.
/// </summary>
internal sealed class ArrayFormat<TElement> : PayloadFormat<TElement[]?>
{
    /// <summary>The byte before the elements, without which an empty array would be null.</summary>
    public const byte Present = 1;

    public override void Write(TElement[]? value, PayloadBuffer buffer)
    {
        if (value is null) return;
        var length = 1 + value.LongLength * Unsafe.SizeOf<TElement>();
        // No test has so much memory to spare; the buffer's own limit, which is tested, comes too late: lengths are numbers of 32 bits there.
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

    private static int CountIn(int bytes)
    {
        var size = Unsafe.SizeOf<TElement>();
        var (count, rest) = Math.DivRem(bytes, size);
        return rest == 0 ? count : throw new MalformedFrameException($"{bytes} bytes for an array of {typeof(TElement)}, of {size} each");
    }

    private static void CheckTag(byte tag)
    {
        if (tag != Present) throw new MalformedFrameException($"an array of {typeof(TElement)} that begins with {tag}");
    }
}
