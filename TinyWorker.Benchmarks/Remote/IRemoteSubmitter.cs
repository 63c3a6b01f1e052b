namespace TinyWorker.Benchmarks.Remote;

/// <summary>The submitting side of a peer. Any number of callers at a time.</summary>
internal interface IRemoteSubmitter : IAsyncDisposable
{
    /// <summary>Sends a task and waits for its result: the same bytes.</summary>
    public ValueTask<byte[]> CallAsync(byte[] payload);
}
