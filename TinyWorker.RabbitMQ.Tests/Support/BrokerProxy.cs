using System.Net;
using System.Net.Sockets;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// The network between a program and its broker: passes connections on to a port of 127.0.0.1, and can cut, silence or slow them. While it
/// is silent, what is sent waits in the buffers of the system, as if nobody carried it, and connections are neither closed nor taken.
/// </summary>
internal sealed class BrokerProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly CancellationTokenSource _disposed = new();
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _pumps = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private TaskCompletionSource _passing = Passed();   // not completed while it is silent
    private TimeSpan _delay;

    /// <param name="target">The port of the broker.</param>
    /// <param name="port">The port of the proxy; 0 for any.</param>
    public BrokerProxy(int target, int port = 0)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Uri => $"amqp://guest:guest@127.0.0.1:{Port}/";

    /// <summary>How many connections were passed on so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Carries nothing any more, and closes nothing.</summary>
    public void Silence()
    {
        lock (_lock)
        {
            if (_passing.Task.IsCompleted) _passing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Carries again, first of all what waited.</summary>
    public void Resume()
    {
        lock (_lock) _passing.TrySetResult();
    }

    /// <summary>Holds each piece for so long before it is passed on.</summary>
    public void Delay(TimeSpan delay)
    {
        lock (_lock) _delay = delay;
    }

    /// <summary>Closes all connections hard (RST). New ones are taken.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach (var socket in _sockets) socket.Close(0);   // with RST

            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        _listener.Stop();
        Resume();
        Cut();
        await Within.Time(_accepting, "the proxy's listener");
        Task[] pumps;
        lock (_lock) pumps = [.. _pumps];
        await Within.Time(Task.WhenAll(pumps), "the proxy's connections");
        _disposed.Dispose();
    }

    private static TaskCompletionSource Passed()
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        passed.SetResult();
        return passed;
    }

    private async Task AcceptAsync()
    {
        while (!_disposed.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_disposed.Token);
                lock (_lock)
                {
                    Connections++;
                    _sockets.Add(client);
                    _pumps.Add(CarryAsync(client));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await WhenPassingAsync();
            await server.ConnectAsync(IPAddress.Loopback, _target, _disposed.Token);
            lock (_lock) _sockets.Add(server);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The broker is down, or the proxy: the client is closed.
        }
        finally
        {
            client.Dispose();
            server.Dispose();
            lock (_lock)
            {
                _sockets.Remove(client);
                _sockets.Remove(server);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _disposed.Token) is > 0 and var count)
            {
                await WhenPassingAsync();
                var delay = _delay;
                if (delay > TimeSpan.Zero) await Task.Delay(delay, _disposed.Token);
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _disposed.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two ends is gone, and so is the other when this returns.
        }
    }

    private Task WhenPassingAsync()
    {
        lock (_lock) return _passing.Task;
    }
}
