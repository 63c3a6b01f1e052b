using System.Security.Cryptography;

namespace TinyWorker.Examples;

/// <summary>Hashes one file after the other. The hash object and the buffer are made once.</summary>
internal sealed class DuplicatesHashWorker : TinyWorker<string, DuplicatesHashedFile>, IDisposable
{
    private const int BufferSize = 128 * 1024;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] buffer = new byte[BufferSize];
    private readonly byte[] digest = new byte[SHA256.HashSizeInBytes];

    public override DuplicatesHashedFile Call(string input, CancellationToken cancellationToken)
    {
        // The file before this one may have failed half way, so the hash is reset first.
        hash.GetHashAndReset(digest);
        using var file = File.OpenHandle(input, share: FileShare.ReadWrite | FileShare.Delete);

        long length = 0;
        for (int read; (read = RandomAccess.Read(file, buffer, length)) > 0; length += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        hash.GetHashAndReset(digest);
        return new(input, length, DuplicatesDigest.From(digest));
    }

    public void Dispose() => hash.Dispose();
}
