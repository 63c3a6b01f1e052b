namespace TinyWorker.Examples;

/// <summary>The result of the first troupe and the input of the second.</summary>
/// <param name="Path">The file's path.</param>
/// <param name="Length">How many bytes were read.</param>
/// <param name="Digest">The SHA-256 hash of these bytes.</param>
internal readonly record struct DuplicatesHashedFile(string Path, long Length, DuplicatesDigest Digest);
