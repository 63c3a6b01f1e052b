using System.Net.Sockets;

namespace TinyWorker.Platform;

/// <summary>
/// A connection to another process of this machine. All of it blocks. One thread may send while another receives.
/// </summary>
/// <remarks>
/// A child on Linux has one without <see cref="Socket"/>: to load that and what it needs takes a tenth of the child's start.
/// What fails throws <see cref="SocketException"/>, or <see cref="ObjectDisposedException"/> if the connection was disposed here.
/// </remarks>
internal abstract class LocalConnection : IDisposable
{
    /// <summary>Whether the exception tells of a connection that has ended, or could not be made.</summary>
    // A method of its own: the code that names the type of an exception loads it, also if it is never thrown.
    public static bool HasFailed(Exception exception) => exception is SocketException or ObjectDisposedException;

    /// <summary>Whether the process at the other end belongs to the same user; true if the system does not tell.</summary>
    public abstract bool IsOfThisUser { get; }

    /// <summary>Whether the other side has closed the connection, and everything that it has sent was received.</summary>
    public abstract bool HasEnded { get; }

    /// <summary>Waits until there is something to receive, or the connection has ended. False if neither comes in time.</summary>
    public abstract bool WaitToReceive(TimeSpan timeout);

    /// <summary>Waits for bytes. How many have come; 0 at the end of the connection.</summary>
    public abstract int Receive(Span<byte> bytes);

    /// <summary>Sends some of the bytes. How many they are.</summary>
    public abstract int Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends all of the bytes.</summary>
    public void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[Send(bytes)..];
    }

    /// <summary>The other side is told that nothing more will be sent.</summary>
    public abstract void EndSending();

    /// <summary>Ends the connection, and the waits of other threads for it.</summary>
    public abstract void Dispose();
}

/// <summary>The same on every system.</summary>
internal sealed class SocketConnection(Socket socket) : LocalConnection
{
    public override bool IsOfThisUser => HostSystem.Current.IsOfThisUser(socket);

    public override bool HasEnded
    {
        get
        {
            try
            {
                return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;
            }
            catch (Exception e) when (HasFailed(e))
            {
                return true;
            }
        }
    }

    public override bool WaitToReceive(TimeSpan timeout) => socket.Poll(timeout, SelectMode.SelectRead);

    public override int Receive(Span<byte> bytes) => socket.Receive(bytes);

    public override int Send(ReadOnlySpan<byte> bytes) => socket.Send(bytes);

    public override void EndSending() => socket.Shutdown(SocketShutdown.Send);

    public override void Dispose() => socket.Dispose();

    public static SocketConnection To(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new SocketConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
