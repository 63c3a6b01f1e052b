namespace TinyWorker.Hosting;

/// <summary>
/// Drains the troupes when a container is disposed whose host was started and not stopped: because another service of it could not start,
/// or because nobody did. The container disposes what it made last first: this is made when the troupes are ready, so they are drained
/// while the services are alive that their workers were made with. The host's patience holds here as well: a task that waits for a service
/// to end, which the container disposes only afterwards, would else hold up the end of the program for ever.
/// </summary>
internal sealed class DrainAtDisposal : IAsyncDisposable, IDisposable
{
    /// <summary>Who drains; set once, when the troupes are ready.</summary>
    public TroupeLifetime? Lifetime { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (Lifetime is { } lifetime) await lifetime.DrainAtDisposalAsync();
    }

    public void Dispose() => Lifetime?.DrainAtDisposal();
}
