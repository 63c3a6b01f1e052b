using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>
/// The lower limit for worker processes: a child that only answers every message with one byte, over the same transport, a Unix domain
/// socket. A message is its length in four bytes, then the bytes. The child blocks, as a worker process does. The parent is asynchronous,
/// as most users would write it, or blocks, which is faster. Use only one of the two with a child: an asynchronous call makes the socket
/// non-blocking.
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
                // BenchmarkDotNet generates and runs another program. The child is always this one.
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

    /// <summary>Sends an empty message and blocks until the answer is there.</summary>
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
