using System.Security.Cryptography;

namespace TinyWorker.Examples.Web;

/// <summary>A worker that the container makes, with whatever its constructor asks for, and disposes with its scope.</summary>
internal sealed class Hasher(WorkerInfo worker, ILogger<Hasher> logger) : TinyWorker<byte[], string>, IDisposable
{
    // It is not thread-safe and need not be: a worker runs one task at a time.
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private int count;

    public override string Call(byte[] content, CancellationToken cancellationToken)
    {
        hash.AppendData(content);
        count++;
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        logger.LogInformation("Hasher {Index} has hashed {Count} files", worker.Index, count);
        hash.Dispose();
    }
}
