using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]
internal sealed class ArrayPayloadTests
{
    private static readonly JsonPayloadSerializer Json = new();

    [Test]
    public void Arrays_OfUnmanagedTypes_ComeThroughExactly()
    {
        Exactly<byte>(0, 1, 255);
        Exactly<bool>(true, false);
        Exactly<char>('\uD800', 'x');
        Exactly(1.5m, -0.0m);
        Exactly(DateTime.MinValue, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Exactly(DateTimeOffset.MaxValue);
        Exactly(Guid.NewGuid(), Guid.Empty);
        Exactly<int?>(1, null);
        Exactly((1, 2.0), (3, double.NaN));
        Exactly(new Point(1, 2) { Kind = DayOfWeek.Friday });
        Exactly(Int128.MinValue);
    }

    [Test]
    public void Array_OfOddDoubles_KeepsTheirBits()
    {
        ulong[] bits = [0x7FF8_0000_0000_1234, 0xFFF0_0000_0000_0001, 0x8000_0000_0000_0000, 0x7FF0_0000_0000_0000, 1];

        var there = Travel.Through(Array.ConvertAll(bits, BitConverter.UInt64BitsToDouble));

        Assert.That(Array.ConvertAll(there, BitConverter.DoubleToUInt64Bits), Is.EqualTo(bits));
    }

    [Test]
    public void Arrays_ThatAreNull_AreNotEmpty()
    {
        Assert.That(Travel.Through<byte[]?>(null), Is.Null);
        Assert.That(Travel.Through<byte[]?>([]), Is.Not.Null.And.Empty);
        Assert.That(Travel.Through<double[]?>(null), Is.Null);
        Assert.That(Travel.Through<double[]?>([]), Is.Not.Null.And.Empty);
        Assert.That(Travel.Through<ArraySegment<byte>>(default).Array, Is.Null);
        Assert.That(Travel.Through(new ArraySegment<byte>([])).Array, Is.Not.Null);
        Assert.That(Travel.Through(Memory<byte>.Empty).IsEmpty, Is.True);
    }

    [TestCase(3)]
    [TestCase(100_000)]
    public void Bytes_InEveryWrapping_ComeThroughWithoutTheirSurroundings(int length)
    {
        var bytes = new byte[length + 2];
        Random.Shared.NextBytes(bytes);
        var middle = bytes.AsMemory(1, length);

        Assert.That(Travel.Through(middle).Span.SequenceEqual(middle.Span), Is.True);
        Assert.That(Travel.Through((ReadOnlyMemory<byte>)middle).Span.SequenceEqual(middle.Span), Is.True);
        Assert.That(Travel.Through(new ArraySegment<byte>(bytes, 1, length)).AsSpan().SequenceEqual(middle.Span), Is.True);
    }

    [TestCase(32 * 1024)]
    [TestCase(64 * 1024)]
    [TestCase(1024 * 1024)]
    [TestCase(3 * 1024 * 1024)]
    public void Array_AroundEveryThreshold_ComesThrough(int length)
    {
        for (var around = -20; around <= 20; around++)
        {
            var bytes = new byte[length + around];
            bytes[^1] = bytes[0] = bytes[length / 2] = 7;
            Assert.That(Travel.Through(bytes, piece: 500_000).AsSpan().SequenceEqual(bytes), Is.True);
        }
    }

    [Test]
    public void Array_Of100MB_IsSentFromWhereItLiesAndReceivedWithHalfOfItTwice()
    {
        const int length = 100_000_000;
        var value = new byte[length];
        Random.Shared.NextBytes(value.AsSpan(length - 1_000_000));
        var format = PayloadFormats.For<byte[]>(Json, "here");
        using var writer = new FrameWriter();
        var reader = new FrameReader(FrameDirection.ToChild) { ValueFormat = format };
        var watch = Stopwatch.StartNew();

        var before = GC.GetAllocatedBytesForCurrentThread();
        writer.Write(FrameKind.Call, 1, format, value);
        var written = GC.GetAllocatedBytesForCurrentThread() - before;
        byte[]? there = null;
        for (var i = 0; i < writer.SegmentCount; i++)
            Travel.Feed(reader, writer.Segment(i).Span, 200_000, frame => there = frame.Read(format));
        var received = GC.GetAllocatedBytesForCurrentThread() - before - written;

        TestContext.Out.WriteLine($"{watch.ElapsedMilliseconds} ms; {written:N0} bytes allocated to write, {received:N0} to read");
        Assert.That(there.AsSpan().SequenceEqual(value), Is.True);
        Assert.That(written, Is.LessThan(200_000));
        Assert.That(received, Is.LessThan(1.6 * length));
    }

    [Test]
    public void Array_OfAMillionDoubles_TakesMilliseconds()
    {
        var value = new double[1_000_000];
        value[^1] = double.NaN;
        Travel.Through(new double[10_000]);
        var format = PayloadFormats.For<double[]>(Json, "here");
        using var writer = new FrameWriter();
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = format };
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            var watch = Stopwatch.StartNew();
            writer.Write(FrameKind.Result, 1, format, value);
            double[]? there = null;
            for (var i = 0; i < writer.SegmentCount; i++)
                Travel.Feed(reader, writer.Segment(i).Span, 200_000, frame => there = frame.Read(format));
            writer.Clear();
            Assert.That(there![^1], Is.NaN);
            if (watch.Elapsed < best) best = watch.Elapsed;
        }

        TestContext.Out.WriteLine($"{best.TotalMilliseconds:F1} ms");
        Assert.That(best, Is.LessThan(TimeSpan.FromMilliseconds(100)), "as JSON it takes more");
    }

    [Test]
    public void Structs_WithPointersOrReferences_DoNotGoRaw()
    {
        Assert.That(BitwiseTypes.ContainsElement(typeof(Point)), Is.True);
        Assert.That(BitwiseTypes.Contains(typeof(Point)), Is.False, "the user's own may say how it is serialized");
        Assert.That(BitwiseTypes.ContainsElement(typeof(nint)), Is.False);
        Assert.That(BitwiseTypes.ContainsElement(typeof(WithHandle)), Is.False);
        Assert.That(BitwiseTypes.ContainsElement(typeof((int, string))), Is.False);
        Assert.That(BitwiseTypes.Contains(typeof((int, string))), Is.False);
        Assert.That(BitwiseTypes.Contains(typeof(nint?)), Is.False);
        Assert.That(BitwiseTypes.Contains(typeof(CancellationToken)), Is.False);
        Assert.That(() => Travel.Through(new nint[] { 1 }), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => Travel.Through((nint)1), Throws.TypeOf<NotSupportedException>());
    }

    // The sockets of some systems pin the array while they send from it or receive into it.
    [Test]
    public unsafe void Memory_ThatIsPinned_StaysWhereItIs()
    {
        var array = new (byte, DateTime)[100];   // has automatic layout
        using var handle = ArrayMemory<(byte, DateTime)>.Over(array)[16..].Pin();
        var place = (nint)handle.Pointer;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        Assert.That((nint)Unsafe.AsPointer(ref ArrayMemory<(byte, DateTime)>.BytesOf(array)[16]), Is.EqualTo(place));
    }

    [Test]
    public void Array_BeyondTheLimit_IsAnErrorThatNamesTypeAndSize()
    {
        using var writer = new FrameWriter(maxPayload: 1000);

        Assert.That(
            () => writer.Write(FrameKind.Call, 1, PayloadFormats.For<double[]>(Json, "here"), new double[125]),
            Throws.InvalidOperationException
                .With.Message.Contains("System.Double[]").And.Message.Contains("1,001").And.Message.Contains("1,000"));
        Assert.That(writer.IsEmpty, Is.True);
    }

    private static void Exactly<T>(params T[] values)
    {
        Assert.That(Travel.Through(values), Is.EqualTo(values));
        Assert.That(Travel.Through(values, piece: 1), Is.EqualTo(values));
        var many = Enumerable.Range(0, 100_000).Select(i => values[i % values.Length]).ToArray();
        Assert.That(Travel.Through(many, piece: 30_001).AsSpan().SequenceEqual(many), Is.True);
    }

    private readonly record struct Point(double X, double Y)
    {
        public DayOfWeek Kind { get; init; }
    }

    private readonly record struct WithHandle(int Number, nint Handle);
}
