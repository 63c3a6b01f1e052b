using System.Buffers.Binary;
using System.IO.Compression;

namespace TinyWorker.Examples.Web;

/// <summary>Writes gray pictures as <see href="https://www.w3.org/TR/png-3/">PNG</see>, which browsers show.</summary>
internal static class Png
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Encodes a square picture, given row by row.</summary>
    public static byte[] Encode(int size, ReadOnlySpan<byte> pixels)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, size);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), size);
        header[8] = 8;   // bits for each pixel; the zeros behind it say: gray, and no filter or interlacing

        using var rows = new MemoryStream();
        using (var zip = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < size; y++)
            {
                zip.WriteByte(0);   // the row is not filtered
                zip.Write(pixels.Slice(y * size, size));
            }
        }

        using var png = new MemoryStream();
        png.Write(Signature);
        Write(png, "IHDR"u8, header);
        Write(png, "IDAT"u8, rows.ToArray());
        Write(png, "IEND"u8, []);
        return png.ToArray();
    }

    // A chunk: its length, its type, its data, and a checksum of the last two.
    private static void Write(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        png.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (var each in data)
        {
            crc ^= each;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return crc;
    }
}
