using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>
/// A worker process that doubles numbers and implements the protocol itself. With one number it breaks the protocol, in the way that its
/// variable says. It must not use types of the test framework.
/// </summary>
internal static class Evil
{
    public const int Trigger = 13;
    public const string Variable = "TINYWORKER_EVIL";

    private static readonly PayloadFormat<int> Numbers = PayloadFormats.For<int>(new JsonPayloadSerializer(), "evil");
    private static readonly PayloadFormat<long> Long = PayloadFormats.For<long>(new JsonPayloadSerializer(), "evil");

    public static int Serve(ChildSockets sockets)
    {
        var breach = Environment.GetEnvironmentVariable(Variable)!;
        var reader = new FrameReader(FrameDirection.ToChild);
        while (true)
        {
            Frame frame;
            while (!reader.TryRead(out frame))
            {
                var count = sockets.Data.Receive(reader.GetMemory().Span);
                if (count == 0) return 0;
                reader.Advance(count);
            }

            switch (frame.Kind)
            {
                case FrameKind.Start:
                    if (breach == "start") Send(sockets.Data, FrameKind.Result, 1, 5);
                    else if (breach == "no start") sockets.Data.SendAll(new byte[1000]);
                    else Send(sockets.Data, FrameKind.Ready, 0);
                    break;
                case FrameKind.Stop:
                    return 0;
                case FrameKind.Call:
                    var number = frame.Read(Numbers);
                    if (number == Trigger) Do(breach, sockets.Data, frame.Sequence);
                    else Send(sockets.Data, FrameKind.Result, frame.Sequence, 2 * number);
                    break;
            }
        }
    }

    private static void Do(string breach, LocalConnection data, long sequence)
    {
        switch (breach)
        {
            case "half a header":
                data.SendAll(Header(FrameKind.Result, 4, sequence).AsSpan(0, 7));
                Deaths.Die(Death.Sigkill);
                break;
            case "half a payload":
                data.SendAll([.. Header(FrameKind.Result, 4, sequence), 1, 2]);
                Deaths.Die(Death.Sigkill);
                break;
            case "a number of two gigabytes":
                data.SendAll(Header(FrameKind.Result, int.MaxValue - 2000, sequence));
                break;
            case "half of a lot":
                data.SendAll([.. Header(FrameKind.Fault, int.MaxValue - 2000, sequence), .. new byte[100_000]]);
                Deaths.Die(Death.Sigkill);
                break;
            case "length -1":
                data.SendAll(Header(FrameKind.Result, -1, sequence));
                break;
            case "length 0":
                data.SendAll(Header(FrameKind.Result, 0, sequence));
                break;
            case "length 2^31-1":
                data.SendAll(Header(FrameKind.Result, int.MaxValue, sequence));
                break;
            case "shared, but nothing is":
                data.SendAll(Header(FrameKind.SharedResult, 1_000_000, sequence));
                break;
            case "unknown kind":
                data.SendAll([.. Header((FrameKind)0xEE, 4, sequence), 1, 2, 3, 4]);
                break;
            case "kind of the parent":
                data.SendAll([.. Header(FrameKind.Call, 4, sequence), 1, 2, 3, 4]);
                break;
            case "kind of the start":
                data.SendAll(Header(FrameKind.Ready, 0, sequence));
                break;
            case "unknown id":
                Send(data, FrameKind.Result, sequence + 1000, 1);
                break;
            case "id 0":
                Send(data, FrameKind.Result, 0, 1);
                break;
            case "repeated id":
                Send(data, FrameKind.Result, sequence - 1, 1);
                break;
            case "twice":
                Send(data, FrameKind.Result, sequence, 2 * Trigger);
                Send(data, FrameKind.Result, sequence, 2 * Trigger);
                break;
            case "gives back what it is at":
                SendBack(data, sequence - 1, sequence);
                break;
            case "gives back what it never had":
                SendBack(data, sequence, long.MaxValue);
                break;
            case "gives back below zero":
                SendBack(data, long.MinValue, sequence);
                break;
            case "keeps too much":
                SendBack(data, long.MaxValue, sequence);
                data.SendAll(Header(FrameKind.Ready, 0, sequence));
                break;
            case "no exception":
                data.SendAll([.. Header(FrameKind.Fault, 6, sequence), 255, 254, 253, 0, 1, 2]);
                break;
            case "garbage":
                var garbage = new byte[100_000];
                new Random(4711).NextBytes(garbage);
                data.SendAll(garbage);
                break;
            case "after Exception":
                Send(data, FrameKind.Result, sequence, 2 * Trigger);
                throw new FormatException("on purpose");
            default:
                Send(data, FrameKind.Result, sequence, 2 * Trigger);
                Deaths.Die(Enum.Parse<Death>(breach["after ".Length..]));
                break;
        }
    }

    private static byte[] Header(FrameKind kind, int length, long sequence)
    {
        var bytes = new byte[FrameHeader.Size];
        new FrameHeader(kind, (uint)length, sequence).Write(bytes);
        return bytes;
    }

    private static void SendBack(LocalConnection data, long kept, long last) => Send(data, FrameKind.Recalled, last, Long, kept);

    private static void Send(LocalConnection data, FrameKind kind, long sequence) => data.SendAll(Header(kind, 0, sequence));

    private static void Send(LocalConnection data, FrameKind kind, long sequence, int value) => Send(data, kind, sequence, Numbers, value);

    private static void Send<T>(LocalConnection data, FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        using var writer = new FrameWriter();
        writer.Write(kind, sequence, format, value);
        for (var i = 0; i < writer.SegmentCount; i++) data.SendAll(writer.Segment(i).Span);
    }
}
