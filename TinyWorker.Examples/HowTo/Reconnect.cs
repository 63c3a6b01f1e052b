using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TinyWorker.Examples;

internal static class Reconnect
{
    // <sample>
    private sealed class Client(EndPoint server) : TinyAsyncWorker<string, string>, IDisposable
    {
        private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        private StreamReader? answers;

        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await socket.ConnectAsync(server, cancellationToken);
            answers = new StreamReader(new NetworkStream(socket));
        }

        public override async ValueTask<string> CallAsync(string request, CancellationToken cancellationToken)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(request + "\n"), cancellationToken);
            return await answers!.ReadLineAsync(cancellationToken) ?? throw new IOException("the server has closed the connection");
        }

        public void Dispose()
        {
            answers?.Dispose();
            socket.Dispose();
        }
    }

    public static async Task RunAsync()
    {
        using var server = new MoodyServer();   // closes each connection after three answers
        await using var clients = new TinyTroupe<string, string>(worker => new Client(server.EndPoint), new PoolTroupeOptions
        {
            Workers = 1,
            ReplaceWorkerWhen = IsLost,                      // a fresh worker, and so a fresh connection
            RetryWhen = IsLost,                              // and the request once more
            MaxAttempts = 5,
            RetryDelay = TimeSpan.FromMilliseconds(50),      // doubled each time
            StartPatience = TimeSpan.FromMinutes(2),         // how long requests wait while no connection can be had
        });

        for (var i = 1; i <= 8; i++) Console.WriteLine(await clients.CallAsync($"request {i}"));

        static bool IsLost(Exception exception) => exception is IOException or SocketException;
    }
    // </sample>

    /// <summary>Says for each line on which connection it came.</summary>
    private sealed class MoodyServer : IDisposable
    {
        private const int Patience = 3;
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public MoodyServer()
        {
            listener.Start();
            _ = ServeAsync();
        }

        public EndPoint EndPoint => listener.LocalEndpoint;

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync()
        {
            for (var connection = 1; ; connection++)
            {
                using var client = await listener.AcceptTcpClientAsync();
                using var requests = new StreamReader(client.GetStream());
                for (var count = 0; count < Patience && await requests.ReadLineAsync() is { } request; count++)
                    await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"{request}, on connection {connection}\n"));
            }
        }
    }
}
