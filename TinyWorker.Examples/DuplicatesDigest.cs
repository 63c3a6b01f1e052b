using System.Buffers.Binary;

namespace TinyWorker.Examples;

/// <summary>A SHA-256 hash as a value of 32 bytes. An array would be one more object for every file.</summary>
internal readonly record struct DuplicatesDigest(UInt128 High, UInt128 Low)
{
    public static DuplicatesDigest From(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));

    public override string ToString() => $"{High:x32}{Low:x32}";
}
