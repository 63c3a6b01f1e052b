namespace TinyWorker.Examples;

/// <summary>The files of one content. Only the grouping worker adds to it; it is read when every task has ended.</summary>
internal sealed class DuplicatesGroup(DuplicatesDigest digest, long length)
{
    public DuplicatesDigest Digest => digest;

    public long Length => length;

    public List<string> Paths { get; } = new(1);

    /// <summary>The bytes that keeping one file of the group would save.</summary>
    public long Wasted => Length * (Paths.Count - 1);
}
