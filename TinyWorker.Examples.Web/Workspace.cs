namespace TinyWorker.Examples.Web;

/// <summary>A temporary folder. The container disposes it last, when the troupes have drained: nothing is left behind.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tinyworker-web-");

    public string NewUpload() => Path.Combine(folder.FullName, Path.GetRandomFileName());

    public string PictureOf(string hash) => Path.Combine(folder.FullName, hash + ".png");

    public void Dispose() => folder.Delete(recursive: true);
}
