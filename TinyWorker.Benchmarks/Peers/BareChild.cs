using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>
/// The floor for worker processes: a child that does nothing but answer every message (its length in four bytes, then so many bytes) with
/// one byte, over the same transport, a Unix domain socket. That side blocks, as a worker process does; this side is asynchronous, as most would
/// write it, or blocks, which is quicker: one or the other for each child, as an asynchronous call makes the socket a non-blocking one.
/// </summary>
internal sealed class BareChild : IDisposable
{
    public const string Verb = "bare-child";

    private const int Header = sizeof(int);

    private readonly Process _process;
    private readonly Socket _socket;
    private readonly byte[] _answer = new byte[1];
    private readonly byte[] _header = new byte[Header];

    private BareChild(Process process, Socket socket) => (_process, _socket) = (process, socket);

    public static async Task<BareChild> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("bare-").FullName;
        var path = Path.Combine(folder, "s");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var program = Path.Combine(AppContext.BaseDirectory, Assembly.GetEntryAssembly()!.GetName().Name!);
        var process = Process.Start(
            new ProcessStartInfo(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"))
            {
                // BenchmarkDotNet runs a program of its own; the child is this one all the same.
                ArgumentList =
                {
                    "exec", "--runtimeconfig", program + ".runtimeconfig.json", "--depsfile", program + ".deps.json",
                    typeof(BareChild).Assembly.Location, Verb, path,
                },
            })!;
        var socket = await listener.AcceptAsync();
        Directory.Delete(folder, recursive: true);
        return new BareChild(process, socket);
    }

    /// <summary>What the child does.</summary>
    public static void Serve(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var buffer = new byte[256 * 1024];
        while (true)
        {
            var header = buffer.AsSpan(0, Header);
            if (!Fill(socket, header)) return;
            for (var left = BinaryPrimitives.ReadInt32LittleEndian(header); left > 0;)
            {
                var count = socket.Receive(buffer.AsSpan(0, Math.Min(left, buffer.Length)));
                if (count == 0) return;
                left -= count;
            }

            socket.Send(buffer.AsSpan(0, 1));
        }
    }

    /// <summary>Sends a message and waits for the answer.</summary>
    public async Task RoundTripAsync(ReadOnlyMemory<byte> message)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_header, message.Length);
        await SendAsync(_header);
        await SendAsync(message);
        if (await _socket.ReceiveAsync(_answer) == 0) throw new EndOfStreamException("The bare child is gone.");
    }

    /// <summary>Sends a byte alone and waits for one back: as small as it gets.</summary>
    public async Task RoundTripAsync()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_header, 0);
        await SendAsync(_header);
        if (await _socket.ReceiveAsync(_answer) == 0) throw new EndOfStreamException("The bare child is gone.");
    }

    /// <summary>The same, and blocks.</summary>
    public void RoundTrip()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_header, 0);
        _socket.Send(_header);
        if (_socket.Receive(_answer) == 0) throw new EndOfStreamException("The bare child is gone.");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    private static bool Fill(Socket socket, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = socket.Receive(bytes);
            if (count == 0) return false;
            bytes = bytes[count..];
        }

        return true;
    }
}
