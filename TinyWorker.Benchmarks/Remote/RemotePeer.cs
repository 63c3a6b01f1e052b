namespace TinyWorker.Benchmarks.Remote;

/// <summary>A submitter and a host, each in its own process.</summary>
internal sealed class RemotePeer : IDisposable
{
    private readonly RemoteChild _submitter;
    private readonly RemoteChild _host;

    private RemotePeer(string name, RemoteChild submitter, RemoteChild host) => (Name, _submitter, _host) = (name, submitter, host);

    public string Name { get; }

    /// <param name="name">What the table calls it.</param>
    /// <param name="kind"><c>bare</c> or <c>troupe</c>.</param>
    /// <param name="uri">Where the broker is.</param>
    /// <param name="queue">The name of its queue.</param>
    public static async Task<RemotePeer> StartAsync(string name, string kind, string uri, string queue)
    {
        var host = await RemoteChild.StartAsync($"{kind}-host", uri, queue);
        return new(name, await RemoteChild.StartAsync($"{kind}-submitter", uri, queue), host);
    }

    public async Task<RemoteRound> RunAsync(int inFlight, int bytes, double seconds)
    {
        var (submitter, host) = (await _submitter.UsageAsync(), await _host.UsageAsync());
        var (calls, elapsed, median) = await _submitter.LoadAsync(inFlight, bytes, seconds);
        var (submitterAfter, hostAfter) = (await _submitter.UsageAsync(), await _host.UsageAsync());
        return new(
            calls / elapsed,
            median,
            Each(submitterAfter.Processor - submitter.Processor) * 1e6,
            Each(hostAfter.Processor - host.Processor) * 1e6,
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
/// <param name="Allocated">Bytes, in both.</param>
internal sealed record RemoteRound(double Rate, double Median, double Submitter, double Host, double Allocated)
{
    /// <summary>Microseconds of processor time in both processes. The broker's is not counted.</summary>
    public double Processor => Submitter + Host;

    /// <summary>Each figure of its best round.</summary>
    public static RemoteRound BestOf(IReadOnlyCollection<RemoteRound> rounds)
    {
        var leanest = rounds.MinBy(round => round.Processor)!;
        return new(
            rounds.Max(round => round.Rate), rounds.Min(round => round.Median), leanest.Submitter, leanest.Host, rounds.Min(round => round.Allocated));
    }
}
