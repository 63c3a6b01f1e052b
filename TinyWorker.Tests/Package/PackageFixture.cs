using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using TinyWorker.Tests.Docs;

namespace TinyWorker.Tests.Package;

/// <summary>Packs the packages once for all tests of them, from the build of this test, into a folder of their own.</summary>
[SetUpFixture]
internal sealed class PackedPackages
{
    // No other package has this version, so it can only come from here.
    public static readonly string Version = $"0.0.0-test.g{Guid.NewGuid():N}";

    public static readonly string Root = RepositoryRoot.Find();

    // Each system takes a framework of its own and some seconds, so there is compiled code for this one only.
    public static readonly string CompiledFor =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + $"-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    public static string Folder { get; private set; } = "";

    public static string Feed => Path.Combine(Folder, "feed");

    [OneTimeSetUp]
    public async Task PackAsync()
    {
        Folder = Directory.CreateTempSubdirectory("tinyworker-package-").FullName;
        var configuration = typeof(PackedPackages).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        // A test of another configuration may run on the same repository. So nothing is written where both write.
        await Command.DotNetAsync(
            Root, Restored(), "pack", "TinyWorker.sln", "--no-build", "-c", configuration, "-o", Feed,
            $"-p:PackageVersion={Version}", $"-p:NuspecOutputPath={Path.Combine(Folder, "nuspec")}", $"-p:CompiledFor={CompiledFor}");
    }

    [OneTimeTearDown]
    public void Remove()
    {
        if (Folder is not "") Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The folder of the packages that the repository was restored with.</summary>
    public static string Restored()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "TinyWorker.Tests", "obj", "project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }
}

/// <summary>A fixture of tests of the packages.</summary>
[NonParallelizable]   // builds take the whole machine
internal abstract class PackageFixture
{
    protected static string Version => PackedPackages.Version;

    protected static string Root => PackedPackages.Root;

    protected static string Folder => PackedPackages.Folder;

    protected static string Feed => PackedPackages.Feed;

    protected static string CompiledFor => PackedPackages.CompiledFor;

    protected static string Restored() => PackedPackages.Restored();

    protected static PackedFile Open(string package) => new(Path.Combine(Feed, $"{package}.{Version}.nupkg"));
}
