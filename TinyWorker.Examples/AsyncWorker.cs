namespace TinyWorker.Examples;

internal static class AsyncWorker
{
    // <sample>
    private sealed class Client : TinyAsyncWorker<string, string>, IAsyncDisposable
    {
        private StreamReader? connection;

        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(10, cancellationToken);   // stands for connecting
            connection = new StreamReader(Stream.Null);
        }

        public override async ValueTask<string> CallAsync(string request, CancellationToken cancellationToken) =>
            $"{request}: {(await connection!.ReadToEndAsync(cancellationToken)).Length} characters";

        public ValueTask DisposeAsync()
        {
            connection?.Dispose();
            return default;
        }
    }

    public static async Task RunAsync()
    {
        await using var clients = new TinyTroupe<string, string>(worker => new Client(), new PoolTroupeOptions { Workers = 16 });
        Console.WriteLine(await clients.CallAsync("GET /"));
    }
    // </sample>
}
