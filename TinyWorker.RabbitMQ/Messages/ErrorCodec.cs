using TinyWorker.Processes.Exceptions;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>Writes exceptions into bodies and reads them.</summary>
internal static class ErrorCodec
{
    public static byte[] Write(Exception exception)
    {
        using var buffer = new PayloadBuffer();
        buffer.Write([(byte)PayloadKind.Exception]);
        new ExceptionWriter(buffer).Write(exception);
        return PayloadCodec<object>.ToArray(buffer);
    }

    /// <exception cref="InvalidDataException">The body is no exception.</exception>
    public static Exception Read(ReadOnlyMemory<byte> body, string troupe)
    {
        if (body.IsEmpty || body.Span[0] != (byte)PayloadKind.Exception) throw new InvalidDataException("The body is no exception.");
        try
        {
            return ExceptionReader.Read(body.Span[1..], troupe);
        }
        catch (MalformedDataException e)
        {
            throw new InvalidDataException("The body is no exception that can be read here.", e);
        }
    }
}
