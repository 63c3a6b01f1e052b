using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>Sends values through a frame writer and a frame reader, without another process.</summary>
internal static class Travel
{
    private static readonly JsonPayloadSerializer Json = new();

    /// <summary>The value that comes out, received in pieces of at most this many bytes.</summary>
    public static T Through<T>(T value, IPayloadSerializer? serializer = null, int piece = int.MaxValue)
    {
        var format = PayloadFormats.For<T>(serializer ?? Json, "there");
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Result, 7, format, value);
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = PayloadFormats.For<T>(serializer ?? Json, "here") };
        var results = new List<T>();
        Feed(reader, Bytes(writer), piece, frame =>
        {
            Assert.That(frame.Kind, Is.EqualTo(FrameKind.Result));
            Assert.That(frame.Sequence, Is.EqualTo(7));
            results.Add(frame.Read((PayloadFormat<T>)reader.ValueFormat));
        });
        Assert.That(results, Has.Count.EqualTo(1));
        Assert.That(reader.IsBetweenFrames, Is.True);
        return results[0];
    }

    public static byte[] Bytes(FrameWriter writer)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < writer.SegmentCount; i++) bytes.AddRange(writer.Segment(i).Span);
        return [.. bytes];
    }

    public static void Feed(FrameReader reader, ReadOnlySpan<byte> bytes, int piece, Action<Frame> each)
    {
        while (!bytes.IsEmpty)
        {
            var memory = reader.GetMemory();
            var count = Math.Min(Math.Min(memory.Length, bytes.Length), piece);
            bytes[..count].CopyTo(memory.Span);
            bytes = bytes[count..];
            reader.Advance(count);
            while (reader.TryRead(out var frame)) each(frame);
        }
    }
}
