using System.Reflection;
using System.Text.Json;
using TinyWorker.Tests.Docs;

namespace TinyWorker.Tests.Package;

/// <summary>The packages, packed from what was built with this test; all there is of them lies in a folder of its own.</summary>
[NonParallelizable]   // builds take the whole machine
internal abstract class PackageFixture
{
    // A version that no other package has: it can come from nowhere else.
    protected static readonly string Version = $"0.0.0-test.g{Guid.NewGuid():N}";

    protected static readonly string Root = RepositoryRoot.Find();

    protected string Folder { get; private set; } = "";

    protected string Feed => Path.Combine(Folder, "feed");

    [OneTimeSetUp]
    public async Task PackAsync()
    {
        Folder = Directory.CreateTempSubdirectory("tinyworker-package-").FullName;
        var configuration = typeof(PackageFixture).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        // Another configuration's test may be at work on the repository: what is written goes elsewhere, or where this configuration has its own.
        await Command.DotNetAsync(
            Root, Restored(), "pack", "TinyWorker.sln", "--no-build", "-c", configuration, "-o", Feed,
            $"-p:PackageVersion={Version}", $"-p:NuspecOutputPath={Path.Combine(Folder, "nuspec")}");
    }

    [OneTimeTearDown]
    public void Remove()
    {
        if (Folder is not "") Directory.Delete(Folder, recursive: true);
    }

    protected PackedFile Open(string package) => new(Path.Combine(Feed, $"{package}.{Version}.nupkg"));

    /// <summary>The folder where the packages are that the repository was restored with.</summary>
    protected static string Restored()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "TinyWorker.Tests", "obj", "project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }
}
