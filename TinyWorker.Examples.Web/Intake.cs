namespace TinyWorker.Examples.Web;

/// <summary>Takes a file through the four troupes. Safe to call from many requests at a time.</summary>
internal sealed class Intake(
    [FromKeyedServices("readers")] ITinyTroupe<string, byte[]> readers,
    [FromKeyedServices("hashers")] ITinyTroupe<byte[], string> hashers,
    [FromKeyedServices("painters")] ITinyTroupe<byte[], byte[]> painters,
    [FromKeyedServices("savers")] ITinyTroupe<(string Hash, byte[] Picture), string> savers)
{
    /// <summary>Returns the hash of a file, when its picture has been saved, too.</summary>
    /// <exception cref="IOException">The file cannot be read, or its picture cannot be written.</exception>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    /// <exception cref="WorkerCrashedException">The picture has crashed its worker process.</exception>
    public async Task<string> TakeAsync(string path, CancellationToken cancellationToken)
    {
        // <sample>
        // SubmitAsync waits for room in the channel, not for the result: an unfinished future is the input of the next troupe.
        // An error of any step comes out of the last line.
        var content = await readers.SubmitAsync(path, cancellationToken);
        var hash = await hashers.SubmitAsync(content, cancellationToken);
        var picture = await painters.SubmitAsync(content, cancellationToken);
        var saved = await savers.SubmitAsync(TinyFuture.WhenAll(hash, picture), cancellationToken);
        return await saved;
        // </sample>
    }
}
