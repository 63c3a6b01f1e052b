using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using TinyWorker.Processes.Exceptions;
using TinyWorker.Processes.Functions;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Tests.Processes.Loopback;
using TinyWorker.Workers;

namespace TinyWorker.Tests.Processes;

/// <summary>
/// Whatever bytes come from the other process: values, or an orderly error, and no more memory than what came. Each round has its seed, so
/// every run is the same. TINYWORKER_FUZZ_ROUNDS gives more rounds.
/// </summary>
[NonParallelizable]
internal sealed class FrameFuzzTests
{
    private const int Seed = 20_261_130;

    private static readonly JsonPayloadSerializer Json = new();
    private static readonly PayloadFormat<string[]> Texts = PayloadFormats.For<string[]>(Json, "here");
    private static readonly PayloadFormat<double[]> Doubles = PayloadFormats.For<double[]>(Json, "here");
    private static readonly PayloadFormat<string> Text = PayloadFormats.For<string>(Json, "here");
    private static readonly PayloadFormat<Order> Orders = PayloadFormats.For<Order>(Json, "here");
    private static readonly ExceptionFormat<Exception> Errors = new("here");

    private static readonly int Rounds =
        int.Parse(Environment.GetEnvironmentVariable("TINYWORKER_FUZZ_ROUNDS") ?? "1000", CultureInfo.InvariantCulture);

    // A length that lies: negative, one off, more than there is, and what overflows when it is doubled or multiplied.
    private static readonly int[] Lengths = [-1, -2, 0, 1, 255, 65_536, 1 << 26, 1 << 30, int.MaxValue, int.MinValue];

    private static readonly Func<Random, byte[], byte[]>[] Spoilers =
    [
        (random, _) =>
        {
            var garbage = new byte[random.Next(2_000)];
            random.NextBytes(garbage);
            return garbage;
        },
        // A good beginning: otherwise little would get past the header.
        (random, stream) =>
        {
            var garbage = new byte[random.Next(2_000)];
            random.NextBytes(garbage);
            return [.. stream[..random.Next(stream.Length)], .. garbage];
        },
        (random, stream) =>
        {
            for (var left = random.Next(1, 6); left > 0; left--) stream[random.Next(stream.Length)] = (byte)random.Next(256);
            return stream;
        },
        (random, stream) =>
        {
            for (var left = random.Next(1, 4); left > 0; left--) stream[random.Next(stream.Length)] ^= (byte)(1 << random.Next(8));
            return stream;
        },
        (random, stream) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(stream.AsSpan(random.Next(stream.Length - 4)), Lengths[random.Next(Lengths.Length)]);
            return stream;
        },
        // A piece is lost, or comes twice.
        (random, stream) =>
        {
            var from = random.Next(stream.Length);
            var length = random.Next(stream.Length - from);
            return random.Next(2) == 0
                ? [.. stream[..from], .. stream[(from + length)..]]
                : [.. stream[..(from + length)], .. stream[from..]];
        },
    ];

    [TestCaseSource(nameof(Ways))]
    public void Streams_FromAChild_AreFramesOrMalformed(int way) => EachRound(way, GoodStreamOfAChild(), ReadAsParent);

    [TestCaseSource(nameof(Ways))]
    public void Streams_FromTheParent_AreFramesOrOrderlyErrors(int way) => EachRound(way, GoodStreamOfTheParent(), ReadAsChild);

    [TestCaseSource(nameof(Ways))]
    public void Functions_ThatAreDamaged_AreRebuiltOrRefused(int way)
    {
        var (number, words) = (3, new List<string> { "a", "b" });
        double[] weights = [1, 2];
        Func<int, double> function = x => x + number + words.Count + weights[0];
        EachRound(way, TravellingFunction.Describe(function, "function").Bytes, (bytes, _) =>
        {
            try
            {
                TravellingFunction.Rebuild(bytes);
            }
            catch (InvalidOperationException)
            {
                // The function is refused.
            }
        });
    }

    [TestCaseSource(nameof(Names))]
    public void NameOfAType_ThatIsHostile_MakesAStandIn(string name)
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Fault, 1, new HostileFormat(name), name);
        Exception? there = null;

        try
        {
            Travel.Feed(new FrameReader(FrameDirection.ToParent), Travel.Bytes(writer), int.MaxValue, frame => there = frame.Read(Errors));
        }
        catch (MalformedDataException)
        {
            return;
        }

        Assert.That(there, Is.TypeOf<RemoteWorkerException>());
    }

    [Test]
    public async Task Child_ThatSendsDamagedFrames_CostsItsOwnTaskOnly()
    {
        var rounds = Math.Max(60, Rounds / 20);
        for (var round = 0; round < rounds; round++)
        {
            var random = new Random(Seed + round);
            var spoil = Spoilers[round % Spoilers.Length];
            var launcher = new ScriptedLauncher((_, line, frame) =>
            {
                if (frame.Kind != FrameKind.Call || frame.Read(ScriptedLauncher.Numbers) != 13) return false;
                line.Sockets.Data.SendAll(spoil(random, AnswersTo(frame.Sequence)));
                line.Sockets.Data.Dispose();   // half a frame must not be waited for
                line.ReceiveControl();
                return true;
            });
            await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });
            var hurt = troupe.Submit(13);
            await Within.Time(hurt.AsTask().ContinueWith(static _ => { }, TaskScheduler.Default), $"the end of round {round}");
            // What comes behind an outcome belongs to the next task: also behind a fault that could be read.
            var next = troupe.Submit(4);
            await Within.Time(next.AsTask().ContinueWith(static _ => { }, TaskScheduler.Default), $"the next end of round {round}");
            if (hurt.Exception is WorkerCrashedException)
                Assert.That(next.Status, Is.EqualTo(TinyFutureStatus.Succeeded), $"round {round}: {next.Exception}");
            Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8), $"round {round}");
        }
    }

    private static IEnumerable<int> Ways => Enumerable.Range(0, Spoilers.Length);

    private static IEnumerable<string> Names() =>
    [
        typeof(int).FullName + string.Concat(Enumerable.Repeat("[]", 1_000)),
        typeof(int).FullName + string.Concat(Enumerable.Repeat("[]", 100_000)),
        typeof(int).FullName + new string('*', 100_000), typeof(int).FullName + new string('&', 30_000),
        Nested(20), Nested(40), Nested(1_000), Nested(20_000), new string('[', 30_000), new string('+', 30_000),
        "A" + string.Concat(Enumerable.Repeat("+B", 2_000)), "System.Exception" + new string('[', 60),
        "System.Exception, " + new string('a', 30_000), "\ud800", "System.Exception[,,,,,,]",
    ];

    // List<List<...>>
    private static string Nested(int levels) =>
        string.Concat(Enumerable.Repeat("System.Collections.Generic.List`1[[", levels)) + "System.Int32"
        + string.Concat(Enumerable.Repeat("]]", levels));

    private static void EachRound(int way, byte[] good, Action<byte[], int> read)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(Seed + round);
            var stream = Spoilers[way](random, [.. good]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(stream, random.Next(1, 5_000));
            }
            catch (MalformedDataException)
            {
                // The exception is expected.
            }
            catch (Exception e)
            {
                Assert.Fail($"round {round}: {e}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2_000_000 + 50 * stream.Length), $"round {round}");
        }
    }

    // Like a back-end, with a format for each kind.
    private static void ReadAsParent(byte[] stream, int piece) =>
        Travel.Feed(new FrameReader(FrameDirection.ToParent) { ValueFormat = Doubles }, stream, piece, frame =>
        {
            switch (frame.Kind)
            {
                case FrameKind.Result when frame.Sequence % 2 == 0:
                    Ask(() => frame.Read(Orders));
                    break;
                case FrameKind.Result:
                    frame.Read(Doubles);
                    break;
                case FrameKind.Ready:
                    Ask(() => frame.Read(Texts));
                    break;
                case FrameKind.Recalled:
                    frame.Read(PayloadFormats.Number);
                    break;
                case FrameKind.Overweight:
                    break;
                default:
                    frame.Read(Errors);
                    break;
            }
        });

    private static void ReadAsChild(byte[] stream, int piece) =>
        Travel.Feed(new FrameReader(FrameDirection.ToChild) { ValueFormat = Doubles }, stream, piece, frame =>
        {
            switch (frame.Kind)
            {
                case FrameKind.Call:
                    frame.Read(Doubles);
                    break;
                case FrameKind.Activity:
                    frame.Read(Text);
                    break;
                case FrameKind.Start:
                    var bytes = frame.Read(PayloadFormats.Bytes);
                    try
                    {
                        StartMessage.FromBytes(bytes ?? []);
                    }
                    catch (Exception e) when (e is IOException or InvalidDataException or FormatException or ArgumentException)
                    {
                        // The child does not start.
                    }

                    break;
            }
        });

    // What a serializer throws faults the task, and not the connection.
    private static void Ask(Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or NotSupportedException or FormatException or OverflowException
            or ArgumentException or InvalidOperationException)
        {
            // The task faults.
        }
    }

    private static byte[] GoodStreamOfAChild()
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Ready, 0, Texts, ["one", "two"]);
        writer.Write(FrameKind.Result, 1, Doubles, [1, 2, 3]);
        writer.Write(FrameKind.Result, 2, Orders, Order.Example);
        writer.Write(
            FrameKind.Fault, 2, Errors, new InvalidOperationException("a", new ArgumentException("b", "c") { Data = { ["k"] = 1m } }));
        writer.Write(FrameKind.Fault, 4, Errors, new WorkerCrashedException("t", 1, 2, null, ["a", "b"], 3, new IOException("c")));
        var start = new WorkerStartException(new WorkerInfo("t", 0, 1, 0), 3, new FormatException());
        writer.Write(FrameKind.StartFailed, 0, Errors, new AggregateException(start));
        writer.Write(FrameKind.CallbackFaulted, 0, Errors, new Win32Error());
        writer.Write(FrameKind.DisposeFailed, 0, Errors, new TypeInitializationException("T", null));
        writer.Write(FrameKind.Result, 3, Doubles, new double[4_200]);
        writer.Write(FrameKind.Overweight, 3);
        writer.Write(FrameKind.Recalled, 4, PayloadFormats.Number, 3);
        return Travel.Bytes(writer);
    }

    private static byte[] GoodStreamOfTheParent()
    {
        using var writer = new FrameWriter();
        var start = new StartMessage(
            RecipeKind.Function, typeof(int).AssemblyQualifiedName!, typeof(int).AssemblyQualifiedName!, new byte[50], new byte[20],
            new WorkerInfo("t", 0, 1, 0), 5, CultureInfo.InvariantCulture, null, ["a", "b"],
            "/proc/1/fd/1:00");
        writer.Write(FrameKind.Start, 0, PayloadFormats.Bytes, start.ToBytes());
        writer.Write(FrameKind.Activity, 1, Text!, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n\na=b\nname");
        writer.Write(FrameKind.Call, 1, Doubles, [1, 2, 3]);
        writer.Write(FrameKind.Call, 2, Doubles, new double[4_200]);
        writer.Write(FrameKind.Cancel, 1);
        writer.Write(FrameKind.Recall, 2);
        writer.Write(FrameKind.Stop, 0);
        return Travel.Bytes(writer);
    }

    private static byte[] AnswersTo(long sequence)
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Fault, sequence, Errors, new InvalidOperationException("a", new FormatException("b")));
        writer.Write(FrameKind.Result, sequence, ScriptedLauncher.Numbers, 5);
        writer.Write(FrameKind.Recalled, sequence, PayloadFormats.Number, sequence);
        writer.Write(FrameKind.CallbackFaulted, 0, Errors, new FormatException("d"));
        return Travel.Bytes(writer);
    }

    internal sealed class Win32Error : System.ComponentModel.Win32Exception;

    internal sealed record Order(
        string Name, Dictionary<string, object> Parts, BigInteger Large, int[,] Square, Stack<int> Stack, double[] Weights, Complex Point)
    {
        public static Order Example { get; } = new(
            "a\ud800", new() { ["b"] = 1.5, ["c"] = new object[] { "d" } }, 7, new[,] { { 1, 2 } }, new([1, 2]), [0.5], new(1, 2));
    }

    // An exception that has nothing but the name of its type.
    private sealed class HostileFormat(string name) : PayloadFormat<string>
    {
        public override void Write(string value, PayloadBuffer buffer)
        {
            var to = new FieldWriter(buffer);
            to.Write(name);
            to.Write("Some.Type");
            to.Write("message");
            to.Write((string?)null);
            to.Write((byte)0);
            to.Write((string?)null);
            to.Write(0);
            to.Write(0);
            to.Write(0);
        }

        public override string Read(ReadOnlyMemory<byte> payload) => throw new NotSupportedException();
    }
}
