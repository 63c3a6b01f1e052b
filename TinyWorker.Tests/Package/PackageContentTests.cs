using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TinyWorker.Tests.Package;

/// <summary>What is in the packages.</summary>
internal sealed partial class PackageContentTests : PackageFixture
{
    private static readonly string[] Siblings =
        ["TinyWorker.Console", "TinyWorker.Hosting", "TinyWorker.Dashboard", "TinyWorker.RabbitMQ", "TinyWorker.RabbitMQ.Hosting"];

    private static readonly string[] Packages = ["TinyWorker", .. Siblings];

    [Test]
    public void Solution_Packed_IsThesePackages() =>
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
            $"runtimes/{CompiledFor}/lib/net10.0/TinyWorker.dll",
        ])));
        Assert.That(package.Text("README.md"), Is.EqualTo(File.ReadAllText(Path.Combine(Root, "README.md"))));
    }

    // A function is sent by the tokens and the version id of its assembly: they are the same in both.
    [Test]
    public void Core_CompiledCode_IsTheSameAssemblyWithMachineCode()
    {
        using var package = Open("TinyWorker");
        using var plain = new PEReader(new MemoryStream(package.Bytes("lib/net10.0/TinyWorker.dll")));
        using var compiled = new PEReader(new MemoryStream(package.Bytes($"runtimes/{CompiledFor}/lib/net10.0/TinyWorker.dll")));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(plain.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, Is.Zero);
            Assert.That(compiled.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size, Is.Positive);
            Assert.That(VersionIdOf(compiled), Is.EqualTo(VersionIdOf(plain)));
            Assert.That(
                compiled.ReadDebugDirectory().Select(entry => entry.Type), Does.Contain(DebugDirectoryEntryType.EmbeddedPortablePdb));
        }

        static Guid VersionIdOf(PEReader file)
        {
            var metadata = file.GetMetadataReader();
            return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
        }
    }

    [TestCaseSource(nameof(Siblings))]
    public void Sibling_HasItsAssemblyAndItsOwnReadme(string id)
    {
        using var package = Open(id);
        Assert.That(package.Entries, Is.EquivalentTo(new[]
        {
            "LICENSE", "README.md", $"{id}.nuspec", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml",
        }));
        Assert.That(package.Text("README.md"), Is.EqualTo(File.ReadAllText(Path.Combine(Root, id, "README.md"))));
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

    [TestCase("TinyWorker.Console", "Spectre.Console")]
    [TestCase("TinyWorker.Hosting", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Hosting")]
    [TestCase("TinyWorker.Dashboard")]
    [TestCase("TinyWorker.RabbitMQ", "Nito.AsyncEx.Coordination", "RabbitMQ.Client")]
    public void Sibling_NeedsTheCore_OfExactlyItsOwnVersionIfItUsesInternals(string id, params string[] others)
    {
        using var package = Open(id);
        Assert.That(package.Dependencies.Select(each => each.Id), Is.EquivalentTo(others.Append("TinyWorker")));

        // Another version need not have the same internals.
        var friends = typeof(TinyFuture).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(each => each.AssemblyName);
        var range = friends.Contains(id) ? $"[{Version}]" : Version;
        Assert.That(package.Dependencies.Single(each => each.Id == "TinyWorker").Range, Is.EqualTo(range));
    }

    // It uses internals of TinyWorker.Hosting, and through that of the core.
    [Test]
    public void RabbitMqHosting_NeedsBothItsParents_OfExactlyItsOwnVersion()
    {
        using var package = Open("TinyWorker.RabbitMQ.Hosting");
        Assert.That(package.Dependencies, Is.EquivalentTo(new[]
        {
            ("TinyWorker.Hosting", $"[{Version}]"), ("TinyWorker.RabbitMQ", $"[{Version}]"),
            package.Dependencies.Single(each => each.Id == "Nito.AsyncEx.Tasks"),
        }));
    }

    [Test]
    public void Dashboard_NeedsAspNetCore()
    {
        using var package = Open("TinyWorker.Dashboard");
        var frameworks = package.Metadata.Descendants().Where(each => each.Name.LocalName == "frameworkReference");
        Assert.That(frameworks.Select(each => each.Attribute("name")!.Value), Is.EqualTo(new[] { "Microsoft.AspNetCore.App" }));
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
        using var assembly = new PEReader(new MemoryStream(package.Bytes($"lib/net10.0/{id}.dll")));
        var types = PublicTypes(assembly.GetMetadataReader()).ToArray();
        Assert.That(types, Is.Not.Empty);
        Assert.That(types.Select(type => "T:" + type).Except(documented), Is.Empty);
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
    [TestCase("TinyWorker.Hosting", null)]
    [TestCase("TinyWorker.Dashboard", null)]
    [TestCase("TinyWorker.RabbitMQ", null)]
    [TestCase("TinyWorker.RabbitMQ.Hosting", null)]
    public void Assembly_SaysWhetherItCanBeTrimmed(string id, string? claim)
    {
        using var package = Open(id);
        var assembly = new AssemblyLoadContext(id, isCollectible: true)
            .LoadFromStream(new MemoryStream(package.Bytes($"lib/net10.0/{id}.dll")));
        var claims = assembly.GetCustomAttributes<AssemblyMetadataAttribute>();
        Assert.That(claims.SingleOrDefault(each => each.Key == "IsTrimmable")?.Value, Is.EqualTo(claim));
    }

    // Read from the file, since what the types need is not in the packages.
    private static IEnumerable<string> PublicTypes(MetadataReader metadata)
    {
        return metadata.TypeDefinitions.Select(handle => metadata.GetTypeDefinition(handle)).Where(IsPublic).Select(NameOf);

        bool IsPublic(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsPublic(metadata.GetTypeDefinition(type.GetDeclaringType())),
            _ => false,
        };

        string NameOf(TypeDefinition type)
        {
            var name = metadata.GetString(type.Name);
            if (type.IsNested) return $"{NameOf(metadata.GetTypeDefinition(type.GetDeclaringType()))}.{name}";
            return type.Namespace.IsNil ? name : $"{metadata.GetString(type.Namespace)}.{name}";
        }
    }

    [GeneratedRegex(@"\]\((?!https?:|#)(?<file>[^)#]+)")]
    private static partial Regex Link();
}
