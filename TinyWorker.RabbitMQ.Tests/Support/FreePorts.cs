using System.Net;
using System.Net.Sockets;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// Ports of 127.0.0.1 on which nobody listens. They lie below those that the system gives to outgoing connections, so that nobody takes one
/// while its node is down.
/// </summary>
internal static class FreePorts
{
    private const int First = 21000;
    private const int End = 32000;

    private static readonly HashSet<int> Taken = [];

    /// <summary>A port that this process gets once.</summary>
    public static int Take()
    {
        for (var tries = 0; tries < 1000; tries++)
        {
            var port = Random.Shared.Next(First, End);
            lock (Taken)
            {
                if (!Taken.Add(port)) continue;
            }

            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }

        throw new InvalidOperationException($"No port of 127.0.0.1 from {First} to {End} is free.");
    }
}
