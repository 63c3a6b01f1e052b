namespace TinyWorker.Examples;

/// <summary>
/// Groups files by content and returns the group of each file. The troupe has one worker, so the dictionary needs no lock.
/// </summary>
internal sealed class DuplicatesGroupWorker : TinyWorker<DuplicatesHashedFile, DuplicatesGroup>
{
    private readonly Dictionary<DuplicatesDigest, DuplicatesGroup> groups = [];

    public override DuplicatesGroup Call(DuplicatesHashedFile input, CancellationToken cancellationToken)
    {
        if (!groups.TryGetValue(input.Digest, out var group))
            groups.Add(input.Digest, group = new(input.Digest, input.Length));

        group.Paths.Add(input.Path);
        return group;
    }
}
