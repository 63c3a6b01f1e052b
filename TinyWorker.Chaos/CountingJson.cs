using System.Buffers;

namespace TinyWorker.Chaos;

/// <summary>JSON that counts what it writes. In this process that is the number of tasks sent to worker processes.</summary>
internal sealed class CountingJson : IPayloadSerializer
{
    private static long s_written;

    private readonly JsonPayloadSerializer _json = new();

    public static long Written => Volatile.Read(ref s_written);

    public void Serialize<T>(T value, IBufferWriter<byte> writer)
    {
        Interlocked.Increment(ref s_written);
        _json.Serialize(value, writer);
    }

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => _json.Deserialize<T>(payload);
}
