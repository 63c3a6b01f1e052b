using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace TinyWorker.Platform;

/// <summary>A connection by the functions of the C library alone.</summary>
/// <remarks>
/// Each call counts itself in at the handle: a disposal meanwhile closes the descriptor when the last call has returned, so no call meets
/// a descriptor of the same number that is somebody else's. A call that blocks would not return for that: first the disposal shuts the
/// connection down, which wakes it. No program that this process starts inherits the descriptor.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class LinuxConnection : LocalConnection
{
    // What the system knows of the process at the other end.
    public const int SocketLevel = 1;                 // SOL_SOCKET
    public const int PeerCredentials = 17;            // SO_PEERCRED: process, user, group
    public const int CredentialsSize = 3 * sizeof(int);

    private const int Local = 1;                      // AF_UNIX
    private const int Stream = 1;                     // SOCK_STREAM
    private const int ClosedOnExec = 0x80000;         // SOCK_CLOEXEC
    private const int LongestPath = 108;              // of sockaddr_un, a zero at the end included
    private const short ToRead = 1;                   // POLLIN
    private const int Peek = 2;                       // MSG_PEEK
    private const int DoNotWait = 0x40;               // MSG_DONTWAIT
    private const int NoSignal = 0x4000;              // MSG_NOSIGNAL: the error is enough
    private const int Sending = 1;                    // SHUT_WR
    private const int Both = 2;                       // SHUT_RDWR
    private const int Interrupted = 4;                // EINTR
    private const int WouldWait = 11;                 // EAGAIN
    private const int TooLong = 36;                   // ENAMETOOLONG

    private readonly SafeFileHandle _socket;
    private int _isDisposed;   // 0 or 1

    /// <param name="socket">Connected, blocking, and owned by the new connection.</param>
    public LinuxConnection(SafeFileHandle socket) => _socket = socket;

    /// <exception cref="SocketException">There is none; the message says why.</exception>
    public static unsafe LinuxConnection To(string path)
    {
        // A name in no folder begins with a zero and ends with the address; a path ends with a zero.
        var length = Encoding.UTF8.GetByteCount(path) + (path[0] == '\0' ? 0 : 1);
        if (length > LongestPath) throw Failure(TooLong, path);
        Span<byte> address = stackalloc byte[sizeof(ushort) + LongestPath];
        address.Clear();
        Encoding.UTF8.GetBytes(path, address[sizeof(ushort)..]);

        var made = socket(Local, Stream | ClosedOnExec, 0);
        if (made < 0) throw Failure(Marshal.GetLastSystemError(), path);
        var connection = new LinuxConnection(new SafeFileHandle(made, ownsHandle: true));
        fixed (byte* start = address)
        {
            *(ushort*)start = Local;
            while (connect(made, start, sizeof(ushort) + length) < 0)
            {
                var error = Marshal.GetLastSystemError();
                if (error == Interrupted) continue;   // it waited for room at the listener, and nothing has begun
                connection.Dispose();
                throw Failure(error, path);
            }
        }

        return connection;
    }

    public override unsafe bool IsOfThisUser
    {
        get
        {
            var credentials = stackalloc byte[CredentialsSize];
            var length = CredentialsSize;
            using var use = new Use(_socket);
            return getsockopt(use.File, SocketLevel, PeerCredentials, credentials, &length) < 0
                || AreOfThisUser(new ReadOnlySpan<byte>(credentials, length));
        }
    }

    public override unsafe bool HasEnded
    {
        get
        {
            try
            {
                byte next;
                while (true)
                {
                    using var use = new Use(_socket);
                    var count = recv(use.File, &next, 1, Peek | DoNotWait);
                    if (count >= 0) return count == 0;
                    if (Marshal.GetLastSystemError() is not Interrupted and var error) return error != WouldWait;
                }
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    // Linux counts a wait that a signal has interrupted as none; it begins again.
    public override unsafe bool WaitToReceive(TimeSpan timeout)
    {
        using var use = new Use(_socket);
        var wait = new Waiting { File = use.File, Events = ToRead };
        var milliseconds = timeout == Timeout.InfiniteTimeSpan ? -1 : (int)timeout.TotalMilliseconds;
        while (true)
        {
            var count = poll(&wait, 1, milliseconds);
            if (count >= 0) return count > 0;
            if (Marshal.GetLastSystemError() is not Interrupted and var error) throw Failure(error);
        }
    }

    public override unsafe int Receive(Span<byte> bytes)
    {
        using var use = new Use(_socket);
        fixed (byte* start = bytes)
        {
            while (true)
            {
                var count = recv(use.File, start, (nuint)bytes.Length, 0);
                if (count >= 0) return (int)count;
                if (Marshal.GetLastSystemError() is not Interrupted and var error) throw Failure(error);
            }
        }
    }

    public override unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        using var use = new Use(_socket);
        fixed (byte* start = bytes)
        {
            while (true)
            {
                var count = send(use.File, start, (nuint)bytes.Length, NoSignal);
                if (count >= 0) return (int)count;
                if (Marshal.GetLastSystemError() is not Interrupted and var error) throw Failure(error);
            }
        }
    }

    public override void EndSending()
    {
        using var use = new Use(_socket);
        if (shutdown(use.File, Sending) < 0) throw Failure(Marshal.GetLastSystemError());
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1) return;
        using (var use = new Use(_socket)) _ = shutdown(use.File, Both);
        _socket.Dispose();
    }

    /// <summary>Whether these credentials of a process are those of this user; true if there are none.</summary>
    public static bool AreOfThisUser(ReadOnlySpan<byte> credentials) =>
        credentials.Length < CredentialsSize || MemoryMarshal.Read<uint>(credentials[sizeof(int)..]) == geteuid();

    // With the codes and the message of Socket.
    private static SocketException Failure(int error, string? path = null)
    {
        var code = error switch
        {
            1 or 13 => SocketError.AccessDenied,          // EPERM, EACCES
            2 => SocketError.AddressNotAvailable,         // ENOENT
            23 or 24 => SocketError.TooManyOpenSockets,   // ENFILE, EMFILE
            32 => SocketError.Shutdown,                   // EPIPE
            104 => SocketError.ConnectionReset,           // ECONNRESET
            111 => SocketError.ConnectionRefused,         // ECONNREFUSED
            _ => SocketError.SocketError,
        };
        var text = Marshal.GetPInvokeErrorMessage(error);
        return new SocketException((int)code, path is null ? text : $"{text} {path.Replace('\0', '@')}");
    }

    // Not a SafeHandle as an argument: for that, each start would compile code.
    private readonly ref struct Use
    {
        private readonly SafeFileHandle _socket;

        public Use(SafeFileHandle socket)
        {
            var isCounted = false;
            socket.DangerousAddRef(ref isCounted);
            _socket = socket;
        }

        public int File => (int)_socket.DangerousGetHandle();

        public void Dispose() => _socket.DangerousRelease();
    }

    private struct Waiting   // pollfd
    {
        public int File;
        public short Events;
        public short Returned;
    }

#pragma warning disable CA5392, CA2101, SYSLIB1054, IDE1006, SA1300 // As in UnixSystem.
    [DllImport("libc")]
    private static extern int socket(int family, int type, int protocol);

    [DllImport("libc")]
    private static extern unsafe int connect(int file, byte* address, int length);

    [DllImport("libc")]
    private static extern unsafe int getsockopt(int file, int level, int option, byte* value, int* length);

    [DllImport("libc")]
    private static extern unsafe int poll(Waiting* files, nuint count, int milliseconds);

    [DllImport("libc")]
    private static extern unsafe nint recv(int file, byte* bytes, nuint length, int flags);

    [DllImport("libc")]
    private static extern unsafe nint send(int file, byte* bytes, nuint length, int flags);

    [DllImport("libc")]
    private static extern int shutdown(int file, int how);

    [DllImport("libc")]
    private static extern uint geteuid();
#pragma warning restore CA5392, CA2101, SYSLIB1054, IDE1006, SA1300
}
