using System.Collections.Concurrent;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A host with a local troupe whose tasks the test holds, and a submitter by hand.</summary>
internal sealed class ServedTroupe : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _begun = new();
    private readonly ConcurrentDictionary<int, int> _runs = new();
    private Func<RabbitHostOptions, RabbitHostOptions>? _change;
    private Func<Exception>? _onCancel;   // what a task that waits throws when it is cancelled
    private Task? _run;

    private ServedTroupe(string name, TinyTroupe<int, int> troupe, RabbitTroupeHost<int, int> host) =>
        (Name, Troupe, Host) = (name, troupe, host);

    public string Name { get; }

    public TinyTroupe<int, int> Troupe { get; private set; }

    public RabbitTroupeHost<int, int> Host { get; private set; }

    public RawSubmitter Submitter { get; private set; } = null!;

    public Task Run => _run!;

    public MemoryLogs Logs { get; } = new();

    /// <summary>Starts a host. A task with a negative input waits for <see cref="Open"/>; the result is ten times the input.</summary>
    public static async Task<ServedTroupe> StartAsync(
        Func<RabbitHostOptions, RabbitHostOptions>? change = null, int workers = 2, int capacity = 1024,
        Func<Exception>? onCancel = null)
    {
        var uri = await Brokers.UriAsync();
        ServedTroupe served = null!;
        var name = Brokers.NewTroupe();
        var troupe = new TinyTroupe<int, int>(
            (input, token) => served.RunTaskAsync(input, token),
            new PoolTroupeOptions { Name = name, Workers = workers, Capacity = capacity });
        served = new ServedTroupe(name, troupe, null!);
        served._change = change;
        served._onCancel = onCancel;
        await served.ServeAsync(uri);
        served.Submitter = await RawSubmitter.ConnectAsync(uri, name);
        return served;
    }

    /// <summary>How often a task with this input has begun.</summary>
    public int RunsOf(int input) => _runs.GetValueOrDefault(input);

    /// <summary>All inputs that have begun, each as often as it has.</summary>
    public int Runs => _runs.Values.Sum();

    public Task BegunAsync(int input) => Within.Time(SourceOf(_begun, input).Task, $"task {input} to begin");

    public void Open(int input) => SourceOf(_gates, input).TrySetResult();

    /// <summary>Waits for what the host counts.</summary>
    public Task UntilAsync(Func<RabbitHostSnapshot, bool> condition, string what) =>
        Eventually.IsTrueAsync(() => condition(Host.Snapshot()), () => $"{what}; now: {Host.Snapshot()}");

    public async Task StopHostAsync()
    {
        await Within.Time(Host.StopAsync(CancellationToken.None), "the host to stop");
        await Within.Time(_run!, "RunAsync to end");
    }

    /// <summary>Stops the host, and starts another with the same local troupe.</summary>
    public async Task RestartHostAsync()
    {
        await StopHostAsync();
        await ServeAsync(await Brokers.UriAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gate in _gates.Values) gate.TrySetResult();
        await Within.Time(Host.DisposeAsync().AsTask(), "the host to stop");
        Troupe.Abort();
        await Within.Time(Troupe.DisposeAsync().AsTask(), "the troupe to stop");
        await Submitter.DisposeAsync();
    }

    private async Task ServeAsync(string uri)
    {
        var options = new RabbitHostOptions { Broker = uri, Prefetch = 10, LoggerFactory = Logs, HostName = "host-1" };
        Host = new RabbitTroupeHost<int, int>(Troupe, _change?.Invoke(options) ?? options);
        _run = Host.RunAsync(CancellationToken.None);
        await Within.Time(Host.WhenReadyAsync(), "the host to take tasks");
    }

    private async Task<int> RunTaskAsync(int input, CancellationToken token)
    {
        _runs.AddOrUpdate(input, 1, static (_, runs) => runs + 1);
        SourceOf(_begun, input).TrySetResult();
        if (input >= 0) return input * 10;
        try
        {
            await SourceOf(_gates, input).Task.WaitAsync(token);
        }
        catch (OperationCanceledException) when (_onCancel is not null)
        {
            throw _onCancel();
        }

        return input * 10;
    }

    private static TaskCompletionSource SourceOf(ConcurrentDictionary<int, TaskCompletionSource> sources, int input) =>
        sources.GetOrAdd(input, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>Waits for what another process or thread makes true, and that tells nobody.</summary>
internal static class Eventually
{
    public static async Task IsTrueAsync(Func<bool> condition, Func<string> what)
    {
        var until = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(until) > Within.Deadline) Assert.Fail(what());
            await Task.Delay(10);
        }
    }
}
