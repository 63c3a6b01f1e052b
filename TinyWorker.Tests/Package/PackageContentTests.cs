using System.Reflection;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TinyWorker.Tests.Package;

/// <summary>What is in the packages.</summary>
internal sealed partial class PackageContentTests : PackageFixture
{
    private static readonly string[] Packages = ["TinyWorker", "TinyWorker.Console"];

    [Test]
    public void Solution_Packed_IsTwoPackages() =>
        Assert.That(
            Directory.GetFiles(Feed).Select(Path.GetFileName), Is.EquivalentTo(Packages.Select(package => $"{package}.{Version}.nupkg")));

    [Test]
    public void Core_HasItsAssemblyAndWhatThereIsToRead()
    {
        using var package = Open("TinyWorker");
        var docs = Directory.GetFiles(Path.Combine(Root, "docs"), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'));
        Assert.That(package.Entries, Is.EquivalentTo(docs.Concat(
        [
            "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "TinyWorker.Benchmarks/README.md",
            "TinyWorker.nuspec", "lib/net10.0/TinyWorker.dll", "lib/net10.0/TinyWorker.xml",
        ])));
        Assert.That(package.Text("README.md"), Is.EqualTo(File.ReadAllText(Path.Combine(Root, "README.md"))));
    }

    [Test]
    public void Console_HasItsAssemblyAndItsOwnReadme()
    {
        using var package = Open("TinyWorker.Console");
        Assert.That(package.Entries, Is.EquivalentTo(new[]
        {
            "LICENSE", "README.md", "TinyWorker.Console.nuspec", "lib/net10.0/TinyWorker.Console.dll", "lib/net10.0/TinyWorker.Console.xml",
        }));
        Assert.That(package.Text("README.md"), Is.EqualTo(File.ReadAllText(Path.Combine(Root, "TinyWorker.Console", "README.md"))));
    }

    [Test]
    public void Core_NeedsTheLoggingAbstractionsAndPartsOfAsyncExAndNothingElse()
    {
        using var package = Open("TinyWorker");
        Assert.That(package.Dependencies.Select(each => each.Id), Is.EquivalentTo(new[]
        {
            "Microsoft.Extensions.Logging.Abstractions", "Nito.AsyncEx.Coordination", "Nito.AsyncEx.Tasks", "Nito.Disposables",
        }));
    }

    // It uses internals of the core, which another version need not have.
    [Test]
    public void Console_NeedsTheCoreOfItsOwnVersionExactly()
    {
        using var package = Open("TinyWorker.Console");
        Assert.That(package.Dependencies.Select(each => each.Id), Is.EquivalentTo(new[] { "TinyWorker", "Spectre.Console" }));
        Assert.That(package.Dependencies.Single(each => each.Id == "TinyWorker").Range, Is.EqualTo($"[{Version}]"));
    }

    [TestCaseSource(nameof(Packages))]
    public void Metadata_SaysWhatIsTrue(string id)
    {
        using var package = Open(id);
        Assert.That((package.Said("id")!.Value, package.Said("version")!.Value), Is.EqualTo((id, Version)));
        var license = package.Said("license")!;
        Assert.That((license.Value, license.Attribute("type")!.Value), Is.EqualTo(("Apache-2.0", "expression")));
        Assert.That(package.Text("LICENSE"), Is.EqualTo(File.ReadAllText(Path.Combine(Root, "LICENSE"))));
        Assert.That(package.Said("readme")!.Value, Is.EqualTo("README.md"));
        Assert.That(package.Said("authors")!.Value, Is.EqualTo("The TinyWorker authors"));
        Assert.That(package.Said("copyright")!.Value, Is.EqualTo("The TinyWorker authors"));
        Assert.That(package.Said("description")!.Value, Does.EndWith("."));
        Assert.That(package.Said("tags")!.Value.Split(' '), Does.Contain("worker-pool"));
        // There is no public place yet: no address is better than an invented one.
        Assert.That(package.Said("projectUrl"), Is.Null);
        Assert.That(package.Said("repository")?.Attribute("url"), Is.Null);
    }

    [TestCaseSource(nameof(Packages))]
    public void Readme_InThePackage_LinksToFilesOfThePackageOnly(string id)
    {
        using var package = Open(id);
        var links = Link().Matches(package.Text("README.md")).Select(match => match.Groups["file"].Value).Distinct();
        Assert.That(links.Except(package.Entries), Is.Empty);
    }

    [TestCaseSource(nameof(Packages))]
    public void Docs_OfEveryPublicType_AreInThePackage(string id)
    {
        using var package = Open(id);
        var documented = XDocument.Parse(package.Text($"lib/net10.0/{id}.xml")).Descendants("member")
            .Where(member => member.Element("summary")?.Value.Trim() is { Length: > 0 }).Select(member => member.Attribute("name")!.Value);
        var types = Assembly.Load(id).GetExportedTypes().Select(type => "T:" + type.FullName!.Replace('+', '.'));
        Assert.That(types.Except(documented), Is.Empty);
    }

    [TestCaseSource(nameof(Packages))]
    public void Assembly_InThePackage_HasItsSymbolsAndIsReproducible(string id)
    {
        using var package = Open(id);
        using var assembly = new PEReader(new MemoryStream(package.Bytes($"lib/net10.0/{id}.dll")));
        Assert.That(assembly.ReadDebugDirectory().Select(entry => entry.Type), Is.SupersetOf(new[]
        {
            DebugDirectoryEntryType.EmbeddedPortablePdb, DebugDirectoryEntryType.Reproducible,
        }));
    }

    [TestCase("TinyWorker", "True")]
    [TestCase("TinyWorker.Console", null)]   // Spectre.Console does not say so either
    public void Assembly_SaysWhetherItCanBeTrimmed(string id, string? claim)
    {
        var claims = Assembly.Load(id).GetCustomAttributes<AssemblyMetadataAttribute>();
        Assert.That(claims.SingleOrDefault(each => each.Key == "IsTrimmable")?.Value, Is.EqualTo(claim));
    }

    [GeneratedRegex(@"\]\((?!https?:|#)(?<file>[^)#]+)")]
    private static partial Regex Link();
}
