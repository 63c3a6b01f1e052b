using System.Runtime.InteropServices;

namespace TinyWorker.Platform;

/// <summary>
/// Memory that another process has, too. It belongs to no file with a name: when neither process holds it any more, it is gone. Whoever
/// copies counts itself in, so that a disposal meanwhile waits with the release, and a copy after it throws.
/// </summary>
internal sealed unsafe class SharedMemory(nint start, int length, Action<nint, int> release) : SafeHandle(start, ownsHandle: true)
{
    public int Length => length;

    public override bool IsInvalid => false;

    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Read(int offset, Span<byte> bytes)
    {
        var isCounted = false;
        DangerousAddRef(ref isCounted);
        Part(offset, bytes.Length).CopyTo(bytes);
        DangerousRelease();
    }

    /// <inheritdoc cref="Read"/>
    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        var isCounted = false;
        DangerousAddRef(ref isCounted);
        bytes.CopyTo(Part(offset, bytes.Length));
        DangerousRelease();
    }

    /// <summary>Reads a number that the other process writes. What the other wrote before the number is seen, too.</summary>
    public long ReadNumber(int offset)
    {
        var isCounted = false;
        DangerousAddRef(ref isCounted);
        var number = Volatile.Read(ref MemoryMarshal.AsRef<long>(Part(offset, sizeof(long))));
        DangerousRelease();
        return number;
    }

    /// <summary>Writes a number for the other process, after everything that was read or written before.</summary>
    public void WriteNumber(int offset, long number)
    {
        var isCounted = false;
        DangerousAddRef(ref isCounted);
        Volatile.Write(ref MemoryMarshal.AsRef<long>(Part(offset, sizeof(long))), number);
        DangerousRelease();
    }

    protected override bool ReleaseHandle()
    {
        release(handle, length);
        return true;
    }

    private Span<byte> Part(int offset, int count) => new Span<byte>((byte*)handle, length).Slice(offset, count);
}
