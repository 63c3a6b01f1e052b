namespace TinyWorker.Examples.Web;

/// <summary>Where pictures are kept. It is a scoped service, as a DbContext is: each task has one of its own.</summary>
internal sealed class Catalog(Workspace workspace)
{
    public async Task<string> SaveAsync(string hash, byte[] picture, CancellationToken cancellationToken)
    {
        // Written beside its place and then moved: two files with the same bytes have the same hash, and nobody may see half a picture.
        var draft = workspace.NewUpload();
        await File.WriteAllBytesAsync(draft, picture, cancellationToken);
        File.Move(draft, workspace.PictureOf(hash), overwrite: true);
        return hash;
    }
}
