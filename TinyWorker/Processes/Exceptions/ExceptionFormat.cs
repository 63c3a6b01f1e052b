using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>An exception: what a task threw, or the exception that it returned as its result. Nothing for null.</summary>
/// <param name="troupe">The troupe's name, for exceptions that cannot be rebuilt.</param>
internal sealed class ExceptionFormat<T>(string troupe) : PayloadFormat<T>
{
    public override void Write(T value, PayloadBuffer buffer)
    {
        if (value is not null) new ExceptionWriter(buffer).Write((Exception)(object)value);
    }

    /// <summary>If the exception cannot be rebuilt as a T, this throws the exception that replaces it.</summary>
    public override T Read(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty) return default!;
        var exception = ExceptionReader.Read(payload.Span, troupe);
        return exception is T value ? value : throw exception;
    }
}
