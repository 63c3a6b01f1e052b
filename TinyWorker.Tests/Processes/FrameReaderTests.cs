using System.Net.Sockets;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]
internal sealed class FrameReaderTests
{
    private static readonly JsonPayloadSerializer Json = new();
    private static readonly PayloadFormat<byte[]> Bytes = PayloadFormats.For<byte[]>(Json, "here");

    [Test]
    public void Stream_SplitInTwoAtEveryByte_GivesTheSameFrames()
    {
        var (stream, expected) = Stream(seed: 1, frames: 12, largest: 60);
        for (var split = 0; split <= stream.Length; split++)
        {
            var reader = new FrameReader(FrameDirection.ToParent);
            var seen = new List<string>();
            Travel.Feed(reader, stream.AsSpan(0, split), int.MaxValue, frame => seen.Add(Describe(frame)));
            Travel.Feed(reader, stream.AsSpan(split), int.MaxValue, frame => seen.Add(Describe(frame)));
            Assert.That(seen, Is.EqualTo(expected));
            Assert.That(reader.IsBetweenFrames, Is.True);
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(13)]
    [TestCase(1_000)]
    [TestCase(40_000)]
    public void Stream_InPieces_GivesTheSameFrames(int piece)
    {
        var (stream, expected) = Stream(seed: 2, frames: 30, largest: 90_000);
        var seen = new List<string>();

        Travel.Feed(new FrameReader(FrameDirection.ToParent), stream, piece, frame => seen.Add(Describe(frame)));

        Assert.That(seen, Is.EqualTo(expected));
    }

    [Test]
    public void Stream_CutAnywhere_GivesTheFramesBeforeAndSaysThatItIsCut()
    {
        var (stream, expected) = Stream(seed: 3, frames: 5, largest: 40);
        var boundaries = 0;
        for (var cut = 0; cut < stream.Length; cut++)
        {
            var reader = new FrameReader(FrameDirection.ToParent);
            var seen = new List<string>();
            Travel.Feed(reader, stream.AsSpan(0, cut), int.MaxValue, frame => seen.Add(Describe(frame)));
            Assert.That(seen, Is.EqualTo(expected.Take(seen.Count)));
            if (reader.IsBetweenFrames) boundaries++;
        }

        Assert.That(boundaries, Is.EqualTo(expected.Count), "0, and every frame's end but the last");
    }

    [TestCase(0x80000000u)]
    [TestCase(0xFFFFFFFFu)]
    [TestCase(0x7FFFFFFFu)]
    [TestCase(int.MaxValue - 1023u)]
    public void Length_BeyondTheLimit_IsMalformed(uint length)
    {
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes };
        Put(reader, Header(FrameKind.Result, length));

        // The next read throws the same.
        Assert.That(() => reader.TryRead(out _), Throws.TypeOf<MalformedDataException>());
        Assert.That(() => reader.TryRead(out _), Throws.TypeOf<MalformedDataException>());
    }

    [Test]
    public void Length_OfZero_IsAnEmptyPayload()
    {
        var reader = new FrameReader(FrameDirection.ToParent);
        Put(reader, Header(FrameKind.Result, 0));

        Assert.That(reader.TryRead(out var frame), Is.True);
        Assert.That(frame.Payload.IsEmpty, Is.True);
        Assert.That(frame.Read(Bytes), Is.Null);
        Assert.That(() => frame.Read(PayloadFormats.For<int>(Json, "here")), Throws.TypeOf<MalformedDataException>());
    }

    [Test]
    public void Kinds_UnknownOrOfTheOtherWay_AreMalformed()
    {
        foreach (var direction in Enum.GetValues<FrameDirection>())
        {
            for (var kind = 0; kind <= byte.MaxValue; kind++)
            {
                var reader = new FrameReader(direction);
                Put(reader, Header((FrameKind)kind, 0));
                // Nothing was shared.
                var isFine = Enum.IsDefined((FrameKind)kind) && kind >= 0x80 == (direction == FrameDirection.ToParent)
                    && (FrameKind)kind is not (FrameKind.SharedCall or FrameKind.SharedResult);
                Assert.That(() => reader.TryRead(out _), isFine ? Is.True : Throws.TypeOf<MalformedDataException>());
            }
        }
    }

    [Test]
    public void Length_ThatNothingFollows_TakesNoMemory([Values(FrameKind.Result, FrameKind.Fault)] FrameKind kind, [Values] bool typed)
    {
        const int limit = PayloadLimit.Max;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = typed ? Bytes : null };

        Put(reader, Header(kind, limit));
        Assert.That(reader.TryRead(out _), Is.False);
        Put(reader, new byte[1]);
        reader.GetMemory();

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_500_000));
        Assert.That(reader.IsBetweenFrames, Is.False);
    }

    [Test]
    public void Length_ThatIsFarFromReached_TakesAboutWhatArrived()
    {
        const int arriving = 10_000_000;
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes };
        var piece = new byte[100_000];
        var before = GC.GetAllocatedBytesForCurrentThread();

        Put(reader, Header(FrameKind.Result, 1_000_000_001));
        Assert.That(reader.TryRead(out _), Is.False);
        for (var arrived = 0; arrived < arriving; arrived += piece.Length)
            Travel.Feed(reader, piece, int.MaxValue, _ => Assert.Fail("it is not there"));

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(arriving + 2_000_000));
    }

    [Test]
    public void Array_WhoseLengthIsNoneOfItsElements_IsMalformed()
    {
        var doubles = PayloadFormats.For<double[]>(Json, "here");
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = doubles };
        Put(reader, Header(FrameKind.Result, 80_002));
        Assert.That(() => reader.TryRead(out _), Throws.TypeOf<MalformedDataException>());

        reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = doubles };
        Put(reader, [.. Header(FrameKind.Result, 10), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.That(reader.TryRead(out var frame), Is.True);
        Assert.That(() => frame.Read(doubles), Throws.TypeOf<MalformedDataException>());
    }

    [Test]
    public void Array_ThatBeginsWithAnotherByte_IsMalformed([Values(2, 100_000)] int length)
    {
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes };
        byte[] payload = [7, .. new byte[length - 1]];
        var isThere = false;
        Travel.Feed(reader, [.. Header(FrameKind.Result, (uint)length), .. payload], int.MaxValue, frame =>
        {
            isThere = true;
            Assert.That(() => frame.Read(Bytes), Throws.TypeOf<MalformedDataException>());
        });
        Assert.That(isThere, Is.True);
    }

    // A start message is large if its function captures something large.
    [Test]
    public void Array_ThatIsLargeAndInNoFrameOfValues_ComesThrough()
    {
        var doubles = PayloadFormats.For<double[]>(Json, "here");
        var values = Enumerable.Range(0, 10_000).Select(i => (double)i).ToArray();
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Fault, 1, doubles, values);
        writer.Write(FrameKind.Fault, 2, Bytes, new byte[100_000]);
        var seen = new List<object?>();
        Travel.Feed(new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes }, Travel.Bytes(writer), 30_000, frame =>
            seen.Add(frame.Sequence == 1 ? frame.Read(doubles) : frame.Read(Bytes)));
        Assert.That(seen, Is.EqualTo(new object[] { values, new byte[100_000] }));
    }

    [Test]
    public void Array_WhileItArrives_MayComeInPiecesOfNothing()
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Result, 1, Bytes, new byte[100_000]);
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes };
        byte[]? there = null;
        Travel.Feed(reader, Travel.Bytes(writer).AsSpan(0, FrameHeader.Size), int.MaxValue, _ => Assert.Fail("it is not there"));
        reader.GetMemory();
        reader.Advance(0);   // the next byte is the tag
        Travel.Feed(reader, Travel.Bytes(writer).AsSpan(FrameHeader.Size), 70_000, frame => there = frame.Read(Bytes));
        Assert.That(there, Is.EqualTo(new byte[100_000]));
    }

    [Test]
    public void Reader_GivenBytesWithoutEndAndNeverRead_SaysSo()
    {
        var reader = new FrameReader(FrameDirection.ToParent);

        Assert.That(
            () =>
            {
                while (true) reader.Advance(reader.GetMemory().Length);
            },
            Throws.InvalidOperationException);
    }

    [Test]
    public async Task Arrays_ThroughASocket_AreSentFromAndReceivedIntoTheirOwnMemory()
    {
        var path = Path.Combine(Path.GetTempPath(), $"tiny-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        await near.ConnectAsync(new UnixDomainSocketEndPoint(path));
        using var far = await listener.AcceptAsync();
        File.Delete(path);
        // Elements with automatic layout, which GCHandle.Alloc does not pin.
        var value = Enumerable.Range(0, 200_000).Select(i => (i, new DateTime(i), (byte)i)).ToArray();
        var format = PayloadFormats.For<(int, DateTime, byte)[]>(Json, "here");
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Result, 1, format, value);
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = format };

        var sending = SendAsync(near, writer);
        (int, DateTime, byte)[]? there = null;
        while (there is null)
        {
            reader.Advance(await far.ReceiveAsync(reader.GetMemory()));
            if (reader.TryRead(out var frame)) there = frame.Read(format);
        }

        await sending;
        Assert.That(there.AsSpan().SequenceEqual(value), Is.True);
    }

    private static async Task SendAsync(Socket socket, FrameWriter writer)
    {
        for (var i = 0; i < writer.SegmentCount; i++)
        {
            for (var rest = writer.Segment(i); !rest.IsEmpty;) rest = rest[await socket.SendAsync(rest)..];
        }
    }

    private static (byte[] Stream, List<string> Expected) Stream(int seed, int frames, int largest)
    {
        using var writer = new FrameWriter();
        var random = new Random(seed);
        var expected = new List<string>();
        FrameKind[] kinds = [FrameKind.Ready, FrameKind.Result, FrameKind.Fault, FrameKind.Recalled];
        for (var i = 0; i < frames; i++)
        {
            var value = new byte[random.Next(largest)];
            random.NextBytes(value);
            var kind = kinds[random.Next(kinds.Length)];
            writer.Write(kind, i, Bytes, value);
            expected.Add($"{kind} {i} {Convert.ToHexString([1, .. value])}");
        }

        return (Travel.Bytes(writer), expected);
    }

    private static string Describe(Frame frame) => $"{frame.Kind} {frame.Sequence} {Convert.ToHexString(frame.Payload.Span)}";

    private static byte[] Header(FrameKind kind, uint length)
    {
        var header = new byte[FrameHeader.Size];
        new FrameHeader(kind, length, 1).Write(header);
        return header;
    }

    private static void Put(FrameReader reader, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(reader.GetMemory().Span);
        reader.Advance(bytes.Length);
    }
}
