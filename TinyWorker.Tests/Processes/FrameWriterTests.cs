using System.Buffers;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

internal sealed class FrameWriterTests
{
    private static readonly JsonPayloadSerializer Json = new();
    private static readonly PayloadFormat<int> Ints = PayloadFormats.For<int>(Json, "here");
    private static readonly PayloadFormat<byte[]> Bytes = PayloadFormats.For<byte[]>(Json, "here");
    private static readonly PayloadFormat<string> Strings = PayloadFormats.For<string>(Json, "here");

    [Test]
    public void Frame_OnTheWire_IsKindLengthNumberPayload()
    {
        using var writer = new FrameWriter();

        writer.Write(FrameKind.Result, 0x0102030405060708, Ints, -2);

        Assert.That(Travel.Bytes(writer), Is.EqualTo(new byte[] { 0x83, 4, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0xFE, 0xFF, 0xFF, 0xFF }));
    }

    [Test]
    public void Frames_ThatAreSmall_LieInOnePiece()
    {
        using var writer = new FrameWriter();
        for (var i = 0; i < 1_000; i++)
        {
            writer.Write(FrameKind.Call, i, Ints, i);
            writer.Write(FrameKind.Cancel, i);
        }

        Assert.That(writer.SegmentCount, Is.EqualTo(1));
        Assert.That(writer.Length, Is.EqualTo(1_000 * (2 * FrameHeader.Size + 4)));
        Assert.That(writer.Segment(0).Length, Is.EqualTo(writer.Length));
        var seen = new List<(FrameKind, long)>();
        Travel.Feed(new FrameReader(FrameDirection.ToChild), Travel.Bytes(writer), 100, frame => seen.Add((frame.Kind, frame.Sequence)));
        Assert.That(
            seen, Is.EqualTo(Enumerable.Range(0, 1_000).SelectMany(i => new[] { (FrameKind.Call, (long)i), (FrameKind.Cancel, i) })));
    }

    [Test]
    public void Frames_LargeAndSmallMixed_KeepTheirOrder()
    {
        using var writer = new FrameWriter();
        var random = new Random(5);
        int[] lengths = [10, 20_000, 70_000, 40_000];
        var values = Enumerable.Range(0, 100).Select(_ => new byte[lengths[random.Next(4)]]).ToArray();
        foreach (var value in values) random.NextBytes(value);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < values.Length; i++) writer.Write(FrameKind.Call, i, Bytes, values[i]);
            var next = 0;

            Travel.Feed(new FrameReader(FrameDirection.ToChild) { ValueFormat = Bytes }, Travel.Bytes(writer), 50_000, frame =>
            {
                Assert.That(frame.Sequence, Is.EqualTo(next));
                Assert.That(frame.Read(Bytes).AsSpan().SequenceEqual(values[next++]), Is.True);
            });

            Assert.That(next, Is.EqualTo(values.Length));
            writer.Clear();
            Assert.That(writer.IsEmpty, Is.True);
            Assert.That(writer.SegmentCount, Is.Zero);
        }
    }

    [TestCase(0)]
    [TestCase(100)]
    [TestCase(100_000)]
    [TestCase(3_000_000)]
    public void Frame_WhoseSerializerThrowsHalfWay_LeavesNoTrace(int written)
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Call, 1, Ints, 11);
        writer.Write(FrameKind.Call, 2, Bytes, new byte[100_000]);
        var before = Travel.Bytes(writer);
        var half = PayloadFormats.For<Half>(new HalfWay(written), "here");

        for (var i = 0; i < 3; i++)
            Assert.That(() => writer.Write(FrameKind.Call, 3, half, new Half()), Throws.TypeOf<FormatException>());

        Assert.That(Travel.Bytes(writer), Is.EqualTo(before));
        writer.Write(FrameKind.Call, 4, Strings, "after");
        var seen = new List<long>();
        Travel.Feed(new FrameReader(FrameDirection.ToChild), Travel.Bytes(writer), 100_000, frame => seen.Add(frame.Sequence));
        Assert.That(seen, Is.EqualTo(new long[] { 1, 2, 4 }));
    }

    [Test]
    public void Frame_OfASerializerThatWritesTooMuch_IsRefusedByTypeAndSize()
    {
        using var writer = new FrameWriter(maxPayload: 50_000);
        var half = PayloadFormats.For<Half>(new HalfWay(60_000), "here");

        Assert.That(
            () => writer.Write(FrameKind.Call, 3, half, new Half()),
            Throws.InvalidOperationException.With.Message.Contains(typeof(Half).ToString()).And.Message.Contains("50,000"));
        Assert.That(() => writer.Write(FrameKind.Call, 3, Strings, new string('x', 50_000)), Throws.InvalidOperationException);
        Assert.That(writer.IsEmpty, Is.True);
        for (var i = 0; i < 100; i++) writer.Write(FrameKind.Call, i, Bytes, new byte[49_999]);
        Assert.That(writer.Length, Is.GreaterThan(50_000), "the limit is of one frame");
    }

    [Test]
    public void Buffer_AdvancedTooFar_Throws()
    {
        using var buffer = new PayloadBuffer();
        var free = buffer.GetSpan(10).Length;

        Assert.That(() => buffer.Advance(free + 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => buffer.Advance(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        buffer.Advance(free);
        Assert.That(buffer.GetMemory().IsEmpty, Is.False);
        Assert.That(buffer.Length, Is.EqualTo(free));
    }

    [Test]
    public void Writer_Cleared_KeepsNoValueAlive()
    {
        using var writer = new FrameWriter();
        var sent = Write(writer);

        GC.Collect();

        Assert.That(sent.IsAlive, Is.False);
        GC.KeepAlive(writer);

        static WeakReference Write(FrameWriter writer)
        {
            var value = new byte[200_000];
            writer.Write(FrameKind.Call, 1, Bytes, value);
            writer.Clear();
            return new WeakReference(value);
        }
    }

    [Test]
    public void IntFrames_WrittenAndRead_AllocateNothing()
    {
        using var writer = new FrameWriter();
        var reader = new FrameReader(FrameDirection.ToChild) { ValueFormat = Ints };
        Batch(writer, reader);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var round = 0; round < 10; round++) Batch(writer, reader);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        static void Batch(FrameWriter writer, FrameReader reader)
        {
            for (var i = 0; i < 100; i++) writer.Write(FrameKind.Call, i, Ints, i);
            for (var s = 0; s < writer.SegmentCount; s++)
            {
                var bytes = writer.Segment(s);
                bytes.CopyTo(reader.GetMemory());
                reader.Advance(bytes.Length);
            }

            var next = 0;
            while (reader.TryRead(out var frame))
                if (frame.Read(Ints) != next++) throw new InvalidOperationException("out of order");
            if (next != 100) throw new InvalidOperationException("lost");
            writer.Clear();
        }
    }

    private sealed class Half;

    /// <summary>Throws after this many bytes, which it writes in pieces of all sizes.</summary>
    private sealed class HalfWay(int written) : IPayloadSerializer
    {
        public void Serialize<T>(T value, IBufferWriter<byte> writer)
        {
            var left = written;
            for (var piece = 1; left > 0; piece = piece * 3 / 2 + 1)
            {
                var span = writer.GetSpan(Math.Min(piece, left));
                var count = Math.Min(span.Length, left);
                span[..count].Fill(0xEE);
                writer.Advance(count);
                left -= count;
            }

            throw new FormatException("half-way");
        }

        public T Deserialize<T>(ReadOnlyMemory<byte> payload) => throw new NotSupportedException();
    }
}
