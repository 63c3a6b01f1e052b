namespace TinyWorker.Tests.Docs;

internal static class RepositoryRoot
{
    public static string Find()
    {
        var start = Path.GetDirectoryName(typeof(RepositoryRoot).Assembly.Location);
        var folder = start;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TinyWorker.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new AssertionException("No TinyWorker.sln above " + start);
    }
}
