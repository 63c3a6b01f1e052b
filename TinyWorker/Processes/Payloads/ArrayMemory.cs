using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Processes.Payloads;

/// <summary>The bytes of an array of elements without references, as memory that a socket can send from and receive into.</summary>
internal sealed class ArrayMemory<TElement> : MemoryManager<byte>
{
    private readonly TElement[] _array;

    private ArrayMemory(TElement[] array) => _array = array;

    public static Memory<byte> Over(TElement[] array) => array is byte[] bytes ? bytes : new ArrayMemory<TElement>(array).Memory;

    public static Span<byte> BytesOf(TElement[] array) => MemoryMarshal.CreateSpan(
        ref Unsafe.As<TElement, byte>(ref MemoryMarshal.GetArrayDataReference(array)),
        checked(array.Length * Unsafe.SizeOf<TElement>()));

    public override Span<byte> GetSpan() => BytesOf(_array);

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)GetSpan().Length);
        // GCHandle.Alloc refuses elements with automatic layout, such as dates and tuples.
        var handle = GCHandle.FromIntPtr(PinnedGCHandle<TElement[]>.ToIntPtr(new PinnedGCHandle<TElement[]>(_array)));
        return new MemoryHandle((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array)) + elementIndex, handle);
    }

    // The base class has these two members; nobody calls them.
    public override void Unpin()
    {
        // The handle unpins the array.
    }

    protected override void Dispose(bool disposing)
    {
        // The array belongs to its owner.
    }
}
