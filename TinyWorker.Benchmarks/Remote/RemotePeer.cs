namespace TinyWorker.Benchmarks.Remote;

/// <summary>A submitter and a host, each in its own process.</summary>
internal sealed class RemotePeer : IDisposable
{
    private readonly RemoteChild _submitter;
    private readonly RemoteChild _host;

    private readonly PrivateBroker _broker;

    private RemotePeer(string name, RemoteChild submitter, RemoteChild host, PrivateBroker broker) =>
        (Name, _submitter, _host, _broker) = (name, submitter, host, broker);

    public string Name { get; }

    /// <param name="name">What the table calls it.</param>
    /// <param name="kind"><c>bare</c> or <c>troupe</c>.</param>
    /// <param name="broker">Where its queue is.</param>
    public static async Task<RemotePeer> StartAsync(string name, string kind, PrivateBroker broker)
    {
        var queue = $"bench-{kind}-{Guid.NewGuid():N}";
        var host = await RemoteChild.StartAsync($"{kind}-host", broker.HostUri, queue);
        return new(name, await RemoteChild.StartAsync($"{kind}-submitter", broker.SubmitterUri, queue), host, broker);
    }

    public async Task<RemoteRound> RunAsync(int inFlight, int bytes, double seconds)
    {
        var (broker, submitter, host) = (_broker.ProcessorSeconds, await _submitter.UsageAsync(), await _host.UsageAsync());
        var (calls, elapsed, median) = await _submitter.LoadAsync(inFlight, bytes, seconds);
        var (submitterAfter, hostAfter) = (await _submitter.UsageAsync(), await _host.UsageAsync());
        return new(
            calls / elapsed,
            median,
            Each(submitterAfter.Processor - submitter.Processor) * 1e6,
            Each(hostAfter.Processor - host.Processor) * 1e6,
            Each(_broker.ProcessorSeconds - broker) * 1e6,
            Each(submitterAfter.Allocated - submitter.Allocated + hostAfter.Allocated - host.Allocated));

        double Each(double sum) => sum / calls;
    }

    public void Dispose()
    {
        _submitter.Dispose();
        _host.Dispose();
    }
}

/// <summary>One turn of a peer, for one task.</summary>
/// <param name="Rate">Tasks a second.</param>
/// <param name="Median">Milliseconds from the call to its result.</param>
/// <param name="Submitter">Microseconds of processor time in the submitter.</param>
/// <param name="Host">And in the host.</param>
/// <param name="Broker">And in all nodes of the broker.</param>
/// <param name="Allocated">Bytes, in submitter and host.</param>
internal sealed record RemoteRound(double Rate, double Median, double Submitter, double Host, double Broker, double Allocated)
{
    /// <summary>Microseconds of processor time in submitter and host. The broker's is not counted.</summary>
    public double Processor => Submitter + Host;

    /// <summary>Each figure of its best round.</summary>
    public static RemoteRound BestOf(IReadOnlyCollection<RemoteRound> rounds)
    {
        var leanest = rounds.MinBy(round => round.Processor)!;
        return new(
            rounds.Max(round => round.Rate), rounds.Min(round => round.Median), leanest.Submitter, leanest.Host,
            rounds.Min(round => round.Broker), rounds.Min(round => round.Allocated));
    }
}
