using TinyWorker.Backends.Processes.Errors;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Tests.Processes;

/// <summary>Whatever bytes come: frames, or <see cref="MalformedFrameException"/>, and no more memory than what came. A failure prints its seed.</summary>
[NonParallelizable]
internal sealed class FrameFuzzTests
{
    private const int Rounds = 2_000;

    private static readonly JsonPayloadSerializer Json = new();

    [Test]
    public void Garbage_OfAnyKind_IsFramesOrMalformed() => EachRound((random, stream) =>
    {
        var garbage = new byte[random.Next(2_000)];
        random.NextBytes(garbage);
        // A good beginning now and then, or little would come past it.
        return random.Next(2) == 0 ? garbage : [.. stream[..random.Next(stream.Length)], .. garbage];
    });

    [Test]
    public void Streams_WithBytesChanged_AreFramesOrMalformed() => EachRound((random, stream) =>
    {
        for (var left = random.Next(1, 6); left > 0; left--) stream[random.Next(stream.Length)] = (byte)random.Next(256);
        return stream;
    });

    [Test]
    public void Streams_WithPiecesLostOrTwice_AreFramesOrMalformed() => EachRound((random, stream) =>
    {
        var from = random.Next(stream.Length);
        var length = random.Next(stream.Length - from);
        return random.Next(2) == 0 ? [.. stream[..from], .. stream[(from + length)..]] : [.. stream[..(from + length)], .. stream[from..]];
    });

    private static void EachRound(Func<Random, byte[], byte[]> spoil)
    {
        var good = GoodStream();
        var first = Environment.TickCount;
        for (var round = 0; round < Rounds; round++)
        {
            var seed = first + round;
            var random = new Random(seed);
            var stream = spoil(random, [.. good]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(stream, random.Next(1, 5_000));
            }
            catch (MalformedFrameException)
            {
                // as it should be
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_200_000 + 30 * stream.Length), $"seed {seed}");
        }
    }

    // As a back-end does, each kind by its own format.
    private static void ReadAll(byte[] stream, int piece)
    {
        var values = PayloadFormat.For<string[]>(Json, "here");
        var doubles = PayloadFormat.For<double[]>(Json, "here");
        var errors = new ExceptionFormat<Exception>("here");
        var reader = new FrameReader(FrameDirection.ToParent) { ValueFormat = doubles };
        Travel.Feed(reader, stream, piece, frame =>
        {
            switch (frame.Kind)
            {
                case FrameKind.Result:
                    frame.Read(doubles);
                    break;
                case FrameKind.Fault:
                    frame.Read(errors);
                    break;
                case FrameKind.Ready:
                    try
                    {
                        frame.Read(values);
                    }
                    catch (System.Text.Json.JsonException)
                    {
                        // the serializer's own, which is the task's
                    }

                    break;
            }
        });
    }

    private static byte[] GoodStream()
    {
        using var writer = new FrameWriter();
        var errors = new ExceptionFormat<Exception>("here");
        writer.Write(FrameKind.Ready, 0, PayloadFormat.For<string[]>(Json, "here"), ["one", "two"]);
        writer.Write(FrameKind.Result, 1, PayloadFormat.For<double[]>(Json, "here"), [1, 2, 3]);
        writer.Write(FrameKind.Fault, 2, errors, new InvalidOperationException("a", new ArgumentException("b", "c") { Data = { ["k"] = 1m } }));
        writer.Write(FrameKind.Result, 3, PayloadFormat.For<double[]>(Json, "here"), new double[4_200]);
        writer.Write(FrameKind.Recalled, 4);
        return Travel.Bytes(writer);
    }
}
