using System.Buffers;
using System.Text;

namespace TinyWorker.Examples.Onnx;

/// <summary>A message of protocol buffers, the format of ONNX files: fields with a number, each an integer or bytes.</summary>
internal sealed class Message
{
    private const int BitsOfAByte = 7;   // the eighth says that another byte follows
    private const int Continued = 1 << BitsOfAByte;
    private const int Bytes = 2;         // how a field of bytes is marked; an integer is 0

    private readonly ArrayBufferWriter<byte> bytes = new();

    public Message Add(int field, long value)
    {
        WriteInteger((ulong)field << 3);
        WriteInteger((ulong)value);
        return this;
    }

    public Message Add(int field, ReadOnlySpan<byte> value)
    {
        WriteInteger(((ulong)field << 3) | Bytes);
        WriteInteger((ulong)value.Length);
        bytes.Write(value);
        return this;
    }

    public Message Add(int field, string value) => Add(field, Encoding.UTF8.GetBytes(value));

    public Message Add(int field, Message value) => Add(field, value.ToSpan());

    public ReadOnlySpan<byte> ToSpan() => bytes.WrittenSpan;

    private void WriteInteger(ulong value)
    {
        for (; value >= Continued; value >>= BitsOfAByte) bytes.Write([(byte)(value | Continued)]);
        bytes.Write([(byte)value]);
    }
}
