using System.Buffers;

namespace TinyWorker;

/// <summary>
/// Turns inputs and results into bytes and back, on their way to and from worker processes. It is asked for the types that do not travel
/// raw anyway: not for primitives, strings, dates, enums, bytes, nor arrays of unmanaged types. The one that comes with the library is
/// <see cref="JsonPayloadSerializer"/>.
/// </summary>
/// <remarks>
/// It must be safe to use from many threads at once: all workers of a troupe share it, in the parent inputs are written while results are
/// read. What it throws faults the one task whose input or result it was given. It should be quick to make: each worker process has its own.
/// </remarks>
public interface IPayloadSerializer
{
    /// <summary>Writes a value.</summary>
    /// <typeparam name="T">The troupe's type of input or result, as declared; the value may be of a type derived from it.</typeparam>
    /// <param name="value">The value, which may be null.</param>
    /// <param name="writer">Where to. It is only valid during the call. What was written is taken back if the call throws.</param>
    /// <exception cref="InvalidOperationException">Thrown by <paramref name="writer"/> when the value takes more than about 2 GB; let it
    /// through.</exception>
    void Serialize<T>(T value, IBufferWriter<byte> writer);

    /// <summary>Reads a value that <see cref="Serialize"/> wrote in the other process, by the same build of the same program.</summary>
    /// <typeparam name="T">The troupe's type of input or result, as declared: the same as when it was written.</typeparam>
    /// <param name="payload">All that was written and nothing else. It is only valid during the call, and belongs to the library: copy what
    /// is to be kept.</param>
    /// <returns>The value.</returns>
    T Deserialize<T>(ReadOnlyMemory<byte> payload);
}
