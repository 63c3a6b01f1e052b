using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using TinyWorker.Platform;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Where one child connects: a Unix domain socket in a folder that only this user may enter, whose name cannot be guessed. If no folder can
/// hold it, and the system has such sockets, it is in none. It is removed as soon as the child has connected. Whoever connects must also
/// know the secret.
/// </summary>
internal sealed class ChildListener : IDisposable
{
    // sun_path has 108 bytes on Linux and Windows and 104 on macOS, a zero at the end included.
    private const int LongestPath = 100;
    private const int Backlog = 16;

    private ChildListener(Socket listener, string socketPath) => (Listener, SocketPath) = (listener, socketPath);

    public Socket Listener { get; }

    public string SocketPath { get; }

    public byte[] Secret { get; } = RandomNumberGenerator.GetBytes(Handshake.SecretLength);

    /// <summary>Makes the socket where one can be made.</summary>
    /// <exception cref="IOException">There is no such place; the message says why.</exception>
    public static ChildListener Open() => Open([Path.GetTempPath(), .. HostSystem.Current.OtherTempPaths], mayBeAbstract: true);

    /// <summary>Makes the socket in the first of the folders that can hold one, else in none.</summary>
    public static ChildListener Open(IEnumerable<string> folders, bool mayBeAbstract)
    {
        var reasons = new List<string>();
        Exception? cause = null;
        foreach (var folder in folders.Select(Path.GetFullPath).Distinct())
        {
            if (!Directory.Exists(folder))
            {
                reasons.Add($"{folder}: there is no such folder");
                continue;
            }

            if (Encoding.UTF8.GetByteCount(folder) > LongestPath - SocketFolder.AddedLength)
            {
                reasons.Add($"{folder}: the path of the socket would have more than {LongestPath} bytes");
                continue;
            }

            try
            {
                return OpenAt(SocketFolder.NewSocketPath(folder));
            }
            catch (Exception e) when (IsOfThePlace(e))
            {
                // It is full, or may not be written to, or its file system has no sockets (a share, a mounted Windows drive).
                cause ??= e;
                reasons.Add($"{folder}: {e.Message}");
            }
        }

        // Last, because it is no private place: any user may connect, and is then turned away.
        if (mayBeAbstract && HostSystem.Current.HasAbstractSockets) return OpenAt(SocketFolder.NewAbstractName());
        throw new IOException(
            $"A worker process needs a folder for a socket, and there is none ({string.Join("; ", reasons)}). "
            + "Point the folder of temporary files (TMPDIR, or TMP on Windows) to a local folder with a short path that can be written to.",
            cause);
    }

    public void Dispose()
    {
        Listener.Dispose();
        SocketFolder.Remove(SocketPath);
    }

    /// <summary>False if the connection is another user's, who may connect to a socket that is in no folder.</summary>
    public bool MayConnect(Socket connection) =>
        !SocketFolder.IsAbstract(SocketPath) || HostSystem.Current.IsOfThisUser(connection);

    private static ChildListener OpenAt(string socketPath)
    {
        var listener = new ChildListener(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), socketPath);
        try
        {
            if (!SocketFolder.IsAbstract(socketPath)) HostSystem.Current.MakePrivateFolder(Path.GetDirectoryName(socketPath)!);
            listener.Listener.Bind(new UnixDomainSocketEndPoint(socketPath));
            listener.Listener.Listen(Backlog);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    // If this process can open no more files, no other folder helps.
    private static bool IsOfThePlace(Exception e) =>
        e is IOException or UnauthorizedAccessException
        || e is SocketException { SocketErrorCode: not (SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable) };
}
