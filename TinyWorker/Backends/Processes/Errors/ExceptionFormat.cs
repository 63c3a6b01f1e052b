using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>An exception: what a task threw, or its result if it returned one. Nothing for null.</summary>
/// <param name="troupe">The troupe's name, for exceptions that cannot be rebuilt.</param>
internal sealed class ExceptionFormat<T>(string troupe) : PayloadFormat<T>
{
    public override void Write(T value, PayloadBuffer buffer)
    {
        if (value is not null) new ExceptionWriter(buffer).Write((Exception)(object)value);
    }

    /// <summary>Throws the exception that stands for it if T is a type that cannot be rebuilt.</summary>
    public override T Read(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty) return default!;
        var exception = ExceptionReader.Read(payload.Span, troupe);
        return exception is T value ? value : throw exception;
    }
}
