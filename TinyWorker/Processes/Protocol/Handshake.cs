using System.Security.Cryptography;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// The first bytes that the child sends on each connection: the secret, the role of the connection, and whether the child leads a group.
/// </summary>
internal static class Handshake
{
    public const int SecretLength = 32;
    public const int Length = SecretLength + 2;

    public static void Send(LocalConnection connection, byte[] secret, ConnectionRole role, bool leadsGroup)
    {
        Span<byte> handshake = stackalloc byte[Length];
        secret.AsSpan().CopyTo(handshake);
        handshake[SecretLength] = (byte)role;
        handshake[SecretLength + 1] = leadsGroup ? (byte)1 : (byte)0;
        connection.SendAll(handshake);
    }

    /// <summary>False if the sender is not the child.</summary>
    public static bool TryRead(ReadOnlySpan<byte> handshake, byte[] secret, out ConnectionRole role, out bool leadsGroup)
    {
        role = (ConnectionRole)handshake[SecretLength];
        leadsGroup = handshake[SecretLength + 1] != 0;
        return CryptographicOperations.FixedTimeEquals(handshake[..SecretLength], secret) && role <= ConnectionRole.Lifeline;
    }
}

/// <summary>What each connection between parent and child is for.</summary>
internal enum ConnectionRole : byte
{
    /// <summary>The child reads it on the worker's thread.</summary>
    Data,

    /// <summary>The child reads it on a thread that listens beside the worker.</summary>
    Control,

    /// <summary>Carries nothing: its end tells the child that the parent has ended.</summary>
    Lifeline,
}
