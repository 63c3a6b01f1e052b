using System.Net.Sockets;
using System.Security.Cryptography;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>The first bytes of each connection, from the child: the secret, which connection it is, and whether the child leads a group.</summary>
internal static class Hello
{
    public const int SecretLength = 32;
    public const int Length = SecretLength + 2;

    public static void Say(Socket socket, byte[] secret, ConnectionRole role, bool leadsGroup)
    {
        Span<byte> hello = stackalloc byte[Length];
        secret.CopyTo(hello);
        hello[SecretLength] = (byte)role;
        hello[SecretLength + 1] = leadsGroup ? (byte)1 : (byte)0;
        socket.Send(hello);   // a blocking socket sends everything
    }

    /// <summary>False if whoever said it is not our child.</summary>
    public static bool TryRead(ReadOnlySpan<byte> hello, byte[] secret, out ConnectionRole role, out bool leadsGroup)
    {
        role = (ConnectionRole)hello[SecretLength];
        leadsGroup = hello[SecretLength + 1] != 0;
        return CryptographicOperations.FixedTimeEquals(hello[..SecretLength], secret) && role <= ConnectionRole.Lifeline;
    }
}
