using System.Runtime.InteropServices;
using System.Text;

namespace TinyWorker.Processes.Payloads;

/// <summary>
/// A string: nothing for null, otherwise a byte for the encoding and the characters. It is Latin-1, with one byte for each character, if
/// all characters allow it, as most do; otherwise UTF-16. Neither loses a lone surrogate, as UTF-8 would.
/// </summary>
internal sealed class StringFormat : PayloadFormat<string?>
{
    private const byte Latin1 = 1;
    private const byte Utf16 = 2;

    public override void Write(string? value, PayloadBuffer buffer)
    {
        if (value is null) return;
        var isLatin1 = !value.AsSpan().ContainsAnyExceptInRange('\0', '\u00FF');
        var length = 1 + (long)value.Length * (isLatin1 ? sizeof(byte) : sizeof(char));
        // The buffer has the same limit, but its lengths have 32 bits.
        if (length > PayloadLimit.Max) throw PayloadLimit.Exceeded(typeof(string), length, PayloadLimit.Max);
        var span = buffer.GetSpan((int)length);
        span[0] = isLatin1 ? Latin1 : Utf16;
        if (isLatin1) Encoding.Latin1.GetBytes(value, span[1..]);
        else MemoryMarshal.AsBytes(value.AsSpan()).CopyTo(span[1..]);
        buffer.Advance((int)length);
    }

    public override string? Read(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty) return null;
        var bytes = payload.Span[1..];
        switch (payload.Span[0])
        {
            case Latin1:
                return Encoding.Latin1.GetString(bytes);
            case Utf16 when bytes.Length % sizeof(char) == 0:
                return string.Create(bytes.Length / sizeof(char), bytes, static (chars, from) => from.CopyTo(MemoryMarshal.AsBytes(chars)));
            default:
                throw new MalformedDataException($"a string of form {payload.Span[0]} and {bytes.Length} bytes");
        }
    }
}
