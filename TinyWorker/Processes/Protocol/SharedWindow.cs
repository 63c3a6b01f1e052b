using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// Memory that a parent and its child share, for large arrays: the sender copies a piece into it, and the receiver copies the piece out.
/// The data connection says in order which pieces there are, so nobody waits for the memory, and a side that dies is noticed as ever.
/// Each direction is for one thread at a time of each side.
/// </summary>
/// <remarks>
/// Each direction has slots, used one after the other, again and again: so it stays in the caches of the processor, no page of it is
/// touched for the first time twice, and a payload of any size leaves no more memory behind than there is here. A slot is the sender's
/// until it has said on the connection that a piece is there. From then on it is the receiver's, until the receiver has counted it as
/// taken, in the memory itself. If all slots are the receiver's, the sender does not wait: it sends the next piece through the connection,
/// where the system makes it wait. What the other side has written is not believed: a count that cannot be means that no slot is free, and
/// only the own count says where the next piece lies. Neither side can shorten the memory.
/// </remarks>
internal sealed class SharedWindow : IDisposable
{
    /// <summary>Bytes: the largest piece. Smaller ones take longer: each is told of. With larger ones the sides overlap less.</summary>
    public const int SlotSize = 256 * 1024;

    private const int Slots = 16;
    private const int Lane = Slots * SlotSize;
    private const int LaneStart = 4096;       // a page for what comes before the slots
    private const int SecretLength = 32;
    private const int CountDistance = 128;    // each count lies in a cache line of its own
    private const int MemoryLength = LaneStart + 2 * Lane;

    private readonly SharedMemory _memory;
    private readonly int _outgoing;           // the number of the direction in which this side sends
    private readonly SafeFileHandle? _file;   // the parent's, until the child has opened it
    private long _put;                        // pieces
    private long _taken;                      // pieces

    private SharedWindow(SharedMemory memory, FrameDirection outgoing, SafeFileHandle? file = null, string address = "")
    {
        _memory = memory;
        _outgoing = (int)outgoing;
        _file = file;
        Address = address;
    }

    /// <summary>What the child needs to open it.</summary>
    public string Address { get; }

    /// <summary>Makes one, in the parent. Null if the system has none.</summary>
    public static SharedWindow? TryMake()
    {
        if (HostSystem.Current.MakeSharedMemory(MemoryLength, out var file) is not { } memory) return null;
        var secret = RandomNumberGenerator.GetBytes(SecretLength);
        memory.Write(0, secret);
        var address = $"{HostSystem.Current.PathOf(file!)}:{Convert.ToHexString(secret)}";
        return new SharedWindow(memory, FrameDirection.ToChild, file, address);
    }

    /// <summary>Opens the parent's, in the child. Null if that cannot be done.</summary>
    public static SharedWindow? TryOpen(string address)
    {
        if (address.Split(':') is not [var path, var secret]) return null;
        if (HostSystem.Current.OpenSharedMemory(path, MemoryLength) is not { } memory) return null;
        // The path could mean another file here than there: in a container with other numbers of processes.
        Span<byte> found = stackalloc byte[SecretLength];
        memory.Read(0, found);
        if (Convert.ToHexString(found) == secret) return new SharedWindow(memory, FrameDirection.ToParent);
        memory.Dispose();
        return null;
    }

    /// <summary>The child has opened it, or will not.</summary>
    public void EndOpening() => _file?.Dispose();

    /// <summary>Copies a piece into the next slot. False if the other side has not taken what is there.</summary>
    public bool TryPut(ReadOnlySpan<byte> piece)
    {
        var underway = _put - _memory.ReadNumber(Count(_outgoing));
        if (underway is < 0 or >= Slots) return false;
        _memory.Write(Slot(_outgoing, _put), piece);
        _put++;
        return true;
    }

    /// <summary>Copies the next bytes of the next slot out. After the last ones, <see cref="EndTake"/> is to be called.</summary>
    public void Take(int offset, Span<byte> bytes) => _memory.Read(Slot(1 - _outgoing, _taken) + offset, bytes);

    /// <summary>The slot is the sender's again.</summary>
    public void EndTake() => _memory.WriteNumber(Count(1 - _outgoing), ++_taken);

    public void Dispose()
    {
        EndOpening();
        _memory.Dispose();
    }

    private static int Count(int direction) => (1 + direction) * CountDistance;

    private static int Slot(int direction, long piece) => LaneStart + direction * Lane + (int)(piece % Slots) * SlotSize;
}
