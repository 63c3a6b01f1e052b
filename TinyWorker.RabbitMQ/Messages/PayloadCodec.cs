using TinyWorker.Processes.Payloads;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>The first byte of each body: how the rest of it is written.</summary>
internal enum PayloadKind : byte
{
    /// <summary>As the troupe's serializer writes it.</summary>
    Serialized = 1,

    /// <summary>The bytes of a byte array; null is <see cref="Serialized"/>.</summary>
    Bytes = 2,

    /// <summary>An exception, in the format that the core has for it; its types are named without the versions of their assemblies.</summary>
    Exception = 3,
}

/// <summary>Writes inputs or results into bodies and reads them. Immutable; any number of threads may use it.</summary>
/// <param name="serializer">For everything but byte arrays.</param>
/// <param name="maxPayload">How many bytes a body may have.</param>
/// <param name="option">The option that says so, for errors.</param>
internal sealed class PayloadCodec<T>(IPayloadSerializer serializer, int maxPayload, string option)
{
    /// <summary>The content type of bodies.</summary>
    public static string ContentType => typeof(T) == typeof(byte[]) ? "application/octet-stream" : "application/vnd.tinyworker";

    /// <summary>The body. Throws what the serializer throws.</summary>
    /// <exception cref="InvalidOperationException">It is too large.</exception>
    public byte[] Write(T value)
    {
        // By the declared type: the reader knows no other. (And the runtime takes an sbyte[] for a byte[].)
        if (typeof(T) == typeof(byte[]) && value is byte[] bytes)
        {
            Check(bytes.Length + 1L);
            var body = GC.AllocateUninitializedArray<byte>(bytes.Length + 1);
            body[0] = (byte)PayloadKind.Bytes;
            bytes.CopyTo(body, 1);
            return body;
        }

        using var buffer = new PayloadBuffer();
        buffer.Write([(byte)PayloadKind.Serialized]);
        serializer.Serialize(value, buffer);
        Check(buffer.Length);
        return ToArray(buffer);
    }

    /// <summary>The value. Throws what the serializer throws.</summary>
    /// <exception cref="InvalidDataException">The body is of another format.</exception>
    public T Read(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty) throw new InvalidDataException("The body is empty.");
        switch ((PayloadKind)body.Span[0])
        {
            case PayloadKind.Serialized:
                return serializer.Deserialize<T>(body[1..]);
            case PayloadKind.Bytes when typeof(T) == typeof(byte[]):
                return (T)(object)body[1..].ToArray();
            default:
                throw new InvalidDataException(
                    $"The body has format {body.Span[0]}, which this version of TinyWorker.RabbitMQ does not know for {typeof(T)}.");
        }
    }

    internal static byte[] ToArray(PayloadBuffer buffer)
    {
        var body = GC.AllocateUninitializedArray<byte>(checked((int)buffer.Length));
        var position = 0;
        for (var i = 0; i < buffer.SegmentCount; i++)
        {
            var segment = buffer.Segment(i);
            segment.CopyTo(body.AsMemory(position));
            position += segment.Length;
        }

        return body;
    }

    private void Check(long length)
    {
        if (length <= maxPayload) return;
        throw new InvalidOperationException(
            $"A value of type {typeof(T)} takes {length:N0} bytes; {option} allows {maxPayload:N0}. " +
            $"Put it into a file or a store and send where it is, or raise {option}.");
    }
}
