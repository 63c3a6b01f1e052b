using System.Buffers;

namespace TinyWorker;

/// <summary>
/// Turns inputs and results into bytes and back, on their way to and from worker processes. It is not asked for primitives, strings, dates,
/// enums, bytes, and arrays of unmanaged types, which the library writes itself. The library's own serializer is
/// <see cref="JsonPayloadSerializer"/>.
/// </summary>
/// <remarks>
/// It must be safe to use from many threads at once: all workers of a troupe share it, and the parent writes inputs while it reads results.
/// If it throws, only the task whose input or result it was given faults. Whether a value arrives whole is its own matter: the library
/// checks that for <see cref="JsonPayloadSerializer"/> alone. It should be quick to make: each worker process makes its own.
/// </remarks>
public interface IPayloadSerializer
{
    /// <summary>Writes a value.</summary>
    /// <typeparam name="T">The troupe's type of input or result, as declared; the value may be of a type derived from it.</typeparam>
    /// <param name="value">The value, which may be null.</param>
    /// <param name="writer">The target. It is only valid during the call. If the call throws, what was written is taken back.</param>
    /// <exception cref="InvalidOperationException">Thrown by <paramref name="writer"/> when the value takes more than about 2 GB; let it
    /// through.</exception>
    void Serialize<T>(T value, IBufferWriter<byte> writer);

    /// <summary>Reads a value that <see cref="Serialize"/> wrote in the other process, by the same build of the same program.</summary>
    /// <typeparam name="T">The troupe's type of input or result, as declared: the same as when it was written.</typeparam>
    /// <param name="payload">All bytes that were written, and no others. The memory is only valid during the call, and belongs to the
    /// library: copy what is to be kept.</param>
    /// <returns>The value.</returns>
    T Deserialize<T>(ReadOnlyMemory<byte> payload);
}
