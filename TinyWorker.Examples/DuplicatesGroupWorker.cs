namespace TinyWorker.Examples;

/// <summary>
/// Collects files by content. Its troupe has one worker, so the dictionary needs no lock; its result is the group when
/// the file has just made it one, that is for the second file of a content, and null for every other.
/// </summary>
internal sealed class DuplicatesGroupWorker : TinyWorker<DuplicatesHashedFile, DuplicatesGroup?>
{
    private readonly Dictionary<DuplicatesDigest, DuplicatesGroup> groups = [];

    public override DuplicatesGroup? Call(DuplicatesHashedFile input, CancellationToken cancellationToken)
    {
        if (!groups.TryGetValue(input.Digest, out var group))
            groups.Add(input.Digest, group = new(input.Digest, input.Length));

        group.Paths.Add(input.Path);
        return group.Paths.Count == 2 ? group : null;
    }
}
