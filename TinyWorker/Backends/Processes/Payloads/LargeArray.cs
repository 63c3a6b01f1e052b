using System.Runtime.CompilerServices;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>A payload that arrives in an array of its own, and may be just that in the end.</summary>
internal sealed class LargeArray<TElement>(int length, bool tagged) : LargePayload(length, tagged)
{
    /// <summary>To be read when it is complete.</summary>
    public TElement[] Array { get; private set; } = [];

    protected override Memory<byte> Allocate(int bytes)
    {
        Array = GC.AllocateUninitializedArray<TElement>(bytes / Unsafe.SizeOf<TElement>());
        return ArrayMemory<TElement>.Over(Array);
    }
}
