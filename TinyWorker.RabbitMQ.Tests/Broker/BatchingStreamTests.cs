using System.Net;
using System.Net.Sockets;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class BatchingStreamTests
{
    [Test]
    public async Task Write_OfAnySizesToAReaderOfAnyPace_ArrivesWholeAndInOrder([Range(1, 8)] int seed)
    {
        using var pair = await SocketPair.MakeAsync();
        await using var stream = new BatchingStream(pair.Writer);
        var random = new Random(seed);
        var expected = new byte[8_000_000];
        random.NextBytes(expected);
        var reading = ReadAsync(pair.Reader, expected.Length, seed);
        for (var position = 0; position < expected.Length;)
        {
            var count = random.Next(10) switch { 0 => random.Next(300_000), < 3 => random.Next(20_000), _ => random.Next(200) };
            count = Math.Min(count, expected.Length - position);
            await stream.WriteAsync(expected.AsMemory(position, count));
            if (random.Next(4) == 0) await stream.FlushAsync();
            if (random.Next(50) == 0) await Task.Yield();
            position += count;
        }

        Assert.That((await Within.Time(reading)).AsSpan().SequenceEqual(expected));
    }

    [Test]
    public async Task Write_OnceAfterAPause_ArrivesWithoutAnother()
    {
        using var pair = await SocketPair.MakeAsync();
        await using var stream = new BatchingStream(pair.Writer);
        var one = new byte[1];
        for (var i = 0; i < 2000; i++)
        {
            await stream.WriteAsync(new[] { (byte)i });
            Assert.That(await Within.Time(pair.Reader.ReceiveAsync(one)), Is.EqualTo(1));
            Assert.That(one[0], Is.EqualTo((byte)i));
        }
    }

    [Test]
    public async Task Write_ToAReaderThatDoesNotRead_WaitsAndFailsWhenTheSocketIsClosed()
    {
        using var pair = await SocketPair.MakeAsync();
        var stream = new BatchingStream(pair.Writer);
        var writing = Task.Run(async () =>
        {
            while (true) await stream.WriteAsync(new byte[1000]);
        });
        await Task.WhenAny(writing, Task.Delay(300));
        Assert.That(writing.IsCompleted, Is.False);
        pair.Writer.Dispose();
        await Assert.ThatAsync(() => Within.Time(writing), Throws.InstanceOf<IOException>());
        await Assert.ThatAsync(() => stream.WriteAsync(new byte[1]).AsTask(), Throws.InstanceOf<IOException>());
        await Within.Time(stream.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Dispose_AfterWrites_SendsThemFirst()
    {
        using var pair = await SocketPair.MakeAsync();
        var stream = new BatchingStream(pair.Writer);
        for (var i = 0; i < 1000; i++) await stream.WriteAsync(new byte[100]);
        await stream.DisposeAsync();
        pair.Writer.Dispose();
        Assert.That(await Within.Time(ReadAsync(pair.Reader, 100_000, 1)), Has.Length.EqualTo(100_000));
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count, int seed)
    {
        var random = new Random(seed);
        var all = new byte[count];
        for (var position = 0; position < count;)
        {
            var read = await socket.ReceiveAsync(all.AsMemory(position, Math.Min(count - position, random.Next(1, 100_000))));
            if (read == 0) return all[..position];
            position += read;
            if (random.Next(20) == 0) await Task.Delay(1);
        }

        return all;
    }

    private sealed class SocketPair : IDisposable
    {
        public required Socket Writer { get; init; }

        public required Socket Reader { get; init; }

        public static async Task<SocketPair> MakeAsync()
        {
            using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            var writer = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await writer.ConnectAsync(listener.LocalEndPoint!);
            return new SocketPair { Writer = writer, Reader = await listener.AcceptAsync() };
        }

        public void Dispose()
        {
            Writer.Dispose();
            Reader.Dispose();
        }
    }
}
