using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>Large arrays that go through memory which two sides share. Both sides are in this process.</summary>
[NonParallelizable]
[Platform("Linux")]
internal sealed class SharedWindowTests
{
    private const int Slot = SharedWindow.SlotSize;
    private const int Slots = 16;

    private static readonly JsonPayloadSerializer Json = new();
    private static readonly PayloadFormat<byte[]> Bytes = PayloadFormats.For<byte[]>(Json, "here");

    private SharedWindow _parent = null!;
    private SharedWindow _child = null!;

    [SetUp]
    public void Open()
    {
        _parent = SharedWindow.TryMake()!;
        _child = SharedWindow.TryOpen(_parent.Address)!;
        _parent.EndOpening();
    }

    [TearDown]
    public void Close()
    {
        _parent.Dispose();
        _child.Dispose();
    }

    [TestCase(64 * 1024)]
    [TestCase(Slot)]
    [TestCase(1024 * 1024)]
    [TestCase(Slots * Slot)]
    [TestCase(3 * Slots * Slot + 12_345)]
    public void Arrays_OfEverySize_ArriveBitByBitBothWays(int length)
    {
        for (var around = -2; around <= 2; around++)
        {
            var array = Random(length + around);
            Assert.That(Through(array, FrameDirection.ToChild).AsSpan().SequenceEqual(array), Is.True, $"{around}");
            Assert.That(Through(array, FrameDirection.ToParent).AsSpan().SequenceEqual(array), Is.True, $"{around}");
        }
    }

    [Test]
    public void Arrays_OfOtherElementsAndWrappings_ArriveBitByBit()
    {
        var numbers = MemoryMarshal.Cast<byte, double>(Random(9_000_000)).ToArray();
        var there = Through(numbers, FrameDirection.ToParent);
        Assert.That(MemoryMarshal.AsBytes<double>(there).SequenceEqual(MemoryMarshal.AsBytes<double>(numbers)), Is.True);

        var tuples = Enumerable.Range(0, 300_000).Select(i => (i, new DateTime(i), (byte)i)).ToArray();
        Assert.That(Through(tuples, FrameDirection.ToChild).AsSpan().SequenceEqual(tuples), Is.True);

        var middle = Random(5_000_000).AsMemory(17, 4_000_001);
        Assert.That(Through(middle, FrameDirection.ToParent).Span.SequenceEqual(middle.Span), Is.True);
    }

    [Test]
    public void Array_WhoseReceiverTakesNothingYet_WaitsInTheConnectionAndNotForASlot()
    {
        var array = Random(4 * Slots * Slot);
        var (near, far) = Connected();
        using (near)
        using (far)
        {
            using var writer = new FrameWriter { Shares = true };
            writer.Write(FrameKind.Call, 1, Bytes, array);
            var sending = Task.Run(() => FrameSocket.Send(new SocketConnection(near), writer, _parent));
            // All slots are taken, and the connection is full: only a receiver gets the sender any further.
            Within.Until(() => far.Available > 100_000, "pieces in the connection");
            Assert.That(sending.IsCompleted, Is.False);
            Assert.That(Received<byte[]>(far, FrameDirection.ToChild, Bytes).AsSpan().SequenceEqual(array), Is.True);
            Within.Time(sending, "the end of the sender").Wait();
        }
    }

    [Test]
    public void Frames_BeforeAndBehindASharedOne_ArriveInOrder()
    {
        var (near, far) = Connected();
        using (near)
        using (far)
        {
            using var writer = new FrameWriter { Shares = true };
            var arrays = new[] { 10, 200_000, 0, 1_000_000, 40_000, 70_000, 5 }.Select(Random).ToArray();
            for (var i = 0; i < arrays.Length; i++) writer.Write(FrameKind.Result, i, Bytes, arrays[i]);
            var sending = Task.Run(() => FrameSocket.Send(new SocketConnection(near), writer, _child));
            var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes, Window = _parent };
            for (var i = 0; i < arrays.Length; i++)
            {
                Frame frame;
                while (!reader.TryRead(out frame)) Assert.That(FrameSocket.Receive(new SocketConnection(far), reader), Is.True);
                Assert.That((frame.Kind, frame.Sequence), Is.EqualTo((FrameKind.Result, (long)i)));
                Assert.That(frame.Read(Bytes).AsSpan().SequenceEqual(arrays[i]), Is.True);
            }

            Assert.That(reader.IsBetweenFrames, Is.True);
            Within.Time(sending, "the end of the sender").Wait();
        }
    }

    [Test]
    public void Frame_ThatIsTakenBack_IsNotShared()
    {
        using var writer = new FrameWriter { Shares = true };
        writer.Write(FrameKind.Call, 1, Bytes, new byte[3]);
        var mark = writer.Mark();
        writer.Write(FrameKind.Call, 2, Bytes, new byte[100_000]);
        Assert.That(writer.IsShared(writer.SegmentCount - 1), Is.True);

        writer.Rollback(mark);
        writer.Write(FrameKind.Call, 2, PayloadFormats.For<string>(Json, "here"), new string('x', 100_000));

        Assert.That(Enumerable.Range(0, writer.SegmentCount).Any(writer.IsShared), Is.False);
    }

    [TestCase(0)]
    [TestCase(int.MinValue)]
    [TestCase(int.MaxValue)]
    [TestCase(Slot + 1)]
    [TestCase(-1_000_001)]
    [TestCase(1_000_001, Description = "less than a slot, and more than is missing")]
    public void Piece_OfALengthThatCannotBe_IsMalformed(int length)
    {
        var total = length == 1_000_001 ? 200_000 : 1_000_001;
        if (length == 1_000_001) length = 200_001;
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes, Window = _parent };
        byte[] piece = [.. Header(FrameKind.SharedResult, total), 1, .. new byte[4]];
        BinaryPrimitives.WriteInt32LittleEndian(piece.AsSpan(piece.Length - 4), length);

        Assert.That(() => Travel.Feed(reader, piece, int.MaxValue, _ => { }), Throws.TypeOf<MalformedDataException>());
    }

    [Test]
    public void Array_OfAnyLength_IsReceivedWithoutADetour()
    {
        var array = Random(50_000_000);
        Through(array, FrameDirection.ToParent);
        foreach (var direction in Enum.GetValues<FrameDirection>())
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Through(array, direction);
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(array.Length + 1_000_000));
        }
    }

    [Test]
    public void Streams_OfPiecesThatAreDamaged_AreFramesOrMalformed()
    {
        byte[] good =
        [
            .. Header(FrameKind.SharedResult, 1 + 300_000), 1, .. Length(200_000), .. Length(-1_000), .. new byte[1_000], .. Length(99_000),
            .. Header(FrameKind.Result, 4), 1, 2, 3, 4, .. Header(FrameKind.SharedResult, 1 + 80_000), 1, .. Length(80_000),
        ];
        var frames = 0;
        for (var round = 0; round < 3_000; round++)
        {
            var random = new Random(round);
            byte[] stream = [.. good];
            for (var left = random.Next(4); left > 0; left--)
                stream[random.Next(3) == 0 ? random.Next(60) : random.Next(stream.Length)] = (byte)random.Next(256);
            var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes, Window = _parent };
            try
            {
                Travel.Feed(reader, stream, random.Next(1, 3_000), frame =>
                {
                    frames++;
                    if (frame.Kind == FrameKind.Result) frame.Read(Bytes);
                });
            }
            catch (MalformedDataException)
            {
                // The exception is expected.
            }
        }

        Assert.That(frames, Is.GreaterThan(3_000), "three of every good stream");

        static byte[] Length(int length)
        {
            var bytes = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
            return bytes;
        }
    }

    [Test]
    public void SharedFrames_ThatCannotBe_AreMalformed()
    {
        var text = PayloadFormats.For<string>(Json, "here");
        Malformed(new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes }, 1_000_000);
        Malformed(new FrameReader(FrameDirection.ToParent) { ValueFormat = Bytes, Window = _parent }, 100);
        Malformed(new FrameReader(FrameDirection.ToParent) { Window = _parent }, 1_000_000);
        Malformed(new FrameReader(FrameDirection.ToParent) { ValueFormat = text, Window = _parent }, 1_000_000);

        static void Malformed(FrameReader reader, int length) => Assert.That(
            () => Travel.Feed(reader, Header(FrameKind.SharedResult, length), int.MaxValue, _ => { }),
            Throws.TypeOf<MalformedDataException>());
    }

    [Test]
    public void Count_ThatTheOtherSideSpoils_MeansThatNoSlotIsFree()
    {
        var piece = new byte[100];
        Assert.That(_child.TryPut(piece), Is.True);
        _parent.EndTake();
        Assert.That(_child.TryPut(piece), Is.True, "one was put, and one taken");
        _parent.EndTake();
        _parent.EndTake();
        Assert.That(_child.TryPut(piece), Is.False, "two were put, and three taken");
    }

    [Test]
    public void Slots_ThatAreAllPut_AreFreeOneByOneAsTheyAreTaken()
    {
        for (var i = 0; i < Slots; i++) Assert.That(_parent.TryPut([(byte)i]), Is.True);
        Assert.That(_parent.TryPut([99]), Is.False);
        Assert.That(_child.TryPut([7]), Is.True, "the other direction has slots of its own");
        var there = new byte[1];
        for (var i = 0; i < 3 * Slots; i++)
        {
            _child.Take(0, there);
            Assert.That(there[0], Is.EqualTo((byte)i));
            _child.EndTake();
            Assert.That(_parent.TryPut([(byte)(i + Slots)]), Is.True);
            Assert.That(_parent.TryPut([99]), Is.False);
        }
    }

    [Test]
    public void Memory_ThatIsNotTheParents_IsNotOpened()
    {
        using var window = SharedWindow.TryMake()!;
        var (path, secret) = (window.Address.Split(':')[0], window.Address.Split(':')[1]);
        var file = Path.GetTempFileName();
        Assert.That(SharedWindow.TryOpen($"{path}:{new string('0', secret.Length)}"), Is.Null);
        Assert.That(SharedWindow.TryOpen($"{file}:{secret}"), Is.Null, "another length");
        Assert.That(SharedWindow.TryOpen("/proc/self/fd/99999:" + secret), Is.Null);
        Assert.That(SharedWindow.TryOpen(""), Is.Null);
        Assert.That(SharedWindow.TryOpen(path), Is.Null);
        using (var again = SharedWindow.TryOpen(window.Address)) Assert.That(again, Is.Not.Null);
        window.EndOpening();
        Assert.That(SharedWindow.TryOpen(window.Address), Is.Null);
        File.Delete(file);
    }

    // An access behind the end of a file ends the process.
    [Test]
    public void Memory_OfALivingParent_CannotBeMadeShorterByItsChild()
    {
        using var window = SharedWindow.TryMake()!;
        using var file = File.OpenHandle(window.Address.Split(':')[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.That(() => RandomAccess.SetLength(file, 4096), Throws.InstanceOf<SystemException>());
        Assert.That(window.TryPut(new byte[Slot]), Is.True);
    }

    [Test]
    public void Memory_ThatWasDisposed_IsGoneAndSaysSo()
    {
        _parent.Dispose();
        Assert.That(() => _parent.TryPut(new byte[1]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _parent.Take(0, new byte[1]), Throws.TypeOf<ObjectDisposedException>());
        _child.Dispose();
        Assert.That(ProcessTable.SharedMappings(), Is.Zero);
    }

    private T Through<T>(T value, FrameDirection direction)
    {
        var format = PayloadFormats.For<T>(Json, "here");
        var (near, far) = Connected();
        using (near)
        using (far)
        {
            using var writer = new FrameWriter { Shares = true };
            writer.Write(FrameKinds.OfValues(direction), 1, format, value);
            Assert.That(Enumerable.Range(0, writer.SegmentCount).Count(writer.IsShared), Is.LessThanOrEqualTo(1));
            var from = direction == FrameDirection.ToChild ? _parent : _child;
            var sending = Task.Run(() => FrameSocket.Send(new SocketConnection(near), writer, from));
            var there = Received(far, direction, format);
            Within.Time(sending, "the end of the sender").Wait();
            return there;
        }
    }

    private T Received<T>(Socket socket, FrameDirection direction, PayloadFormat<T> format)
    {
        var reader = new FrameReader(direction)
        {
            ValueFormat = format, Window = direction == FrameDirection.ToChild ? _child : _parent,
        };
        Frame frame;
        while (!reader.TryRead(out frame)) Assert.That(FrameSocket.Receive(new SocketConnection(socket), reader), Is.True);
        return frame.Read(format);
    }

    private static (Socket Near, Socket Far) Connected()
    {
        var path = Path.Combine(Path.GetTempPath(), $"tiny-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        near.Connect(new UnixDomainSocketEndPoint(path));
        var far = listener.Accept();
        File.Delete(path);
        return (near, far);
    }

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Header(FrameKind kind, int length)
    {
        var header = new byte[FrameHeader.Size];
        new FrameHeader(kind, (uint)length, 1).Write(header);
        return header;
    }
}
