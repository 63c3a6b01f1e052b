using TinyWorker.RabbitMQ;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>The submitting side with TinyWorker.RabbitMQ, with its defaults.</summary>
internal sealed class TroupeSubmitter : IRemoteSubmitter
{
    private readonly RabbitTroupe<byte[], byte[]> _troupe;

    private TroupeSubmitter(RabbitTroupe<byte[], byte[]> troupe) => _troupe = troupe;

    public static async Task<TroupeSubmitter> StartAsync(string uri, string name)
    {
        var troupe = new RabbitTroupe<byte[], byte[]>(name, new() { Broker = uri, Heartbeat = TimeSpan.FromSeconds(30) });
        await troupe.WhenReadyAsync();
        return new TroupeSubmitter(troupe);
    }

    public async ValueTask<byte[]> CallAsync(byte[] payload) => await await _troupe.SubmitAsync(payload);

    public ValueTask DisposeAsync() => _troupe.DisposeAsync();
}

/// <summary>The working side with TinyWorker.RabbitMQ. Its troupe is one of the pool, with two workers.</summary>
internal sealed class TroupeHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TinyTroupe<byte[], byte[]> _troupe;
    private readonly RabbitTroupeHost<byte[], byte[]> _host;
    private readonly Task _run;

    private TroupeHost(TinyTroupe<byte[], byte[]> troupe, RabbitTroupeHost<byte[], byte[]> host)
    {
        (_troupe, _host) = (troupe, host);
        _run = host.RunAsync(_stopping.Token);
    }

    public static async Task<TroupeHost> StartAsync(string uri, string name)
    {
        var troupe = new TinyTroupe<byte[], byte[]>(static x => x, new PoolTroupeOptions { Name = name, Workers = 2 });
        var host = new TroupeHost(
            troupe, new(troupe, new() { Broker = uri, Prefetch = BareHost.Prefetch, Heartbeat = TimeSpan.FromSeconds(30) }));
        await host._host.WhenReadyAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _run;
        await _host.DisposeAsync();
        await _troupe.DisposeAsync();
        _stopping.Dispose();
    }
}
