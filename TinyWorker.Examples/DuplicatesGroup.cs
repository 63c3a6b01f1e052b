namespace TinyWorker.Examples;

/// <summary>The files with the same content. Only the grouping worker adds files; the group is read when every task has ended.</summary>
internal sealed class DuplicatesGroup(DuplicatesDigest digest, long length)
{
    public DuplicatesDigest Digest => digest;

    public long Length => length;

    public List<string> Paths { get; } = new(1);

    /// <summary>How many bytes would be saved if only one file of the group were kept.</summary>
    public long Wasted => Length * (Paths.Count - 1);
}
