namespace TinyWorker.Hosting.Tests.Support;

internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TinyWorker.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new AssertionException("No TinyWorker.sln above " + AppContext.BaseDirectory);
    }
}
