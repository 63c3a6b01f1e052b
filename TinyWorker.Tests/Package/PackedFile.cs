using System.IO.Compression;
using System.Xml.Linq;

namespace TinyWorker.Tests.Package;

/// <summary>What is in a .nupkg.</summary>
internal sealed class PackedFile : IDisposable
{
    private static readonly string[] FormatsOwn = ["_rels/", "package/", "[Content_Types].xml"];

    private readonly ZipArchive _archive;

    public PackedFile(string path)
    {
        _archive = ZipFile.OpenRead(path);
        var nuspec = Entries.Single(entry => entry.EndsWith(".nuspec", StringComparison.Ordinal));
        Metadata = XDocument.Parse(Text(nuspec)).Root!.Elements().Single();
    }

    public string[] Entries =>
        [.. _archive.Entries.Select(entry => entry.FullName).Where(name => !FormatsOwn.Any(name.StartsWith)).Order(StringComparer.Ordinal)];

    public XElement Metadata { get; }

    /// <summary>The packages that it needs, with the ranges of their versions.</summary>
    public (string Id, string Range)[] Dependencies =>
        [.. Metadata.Descendants().Where(each => each.Name.LocalName == "dependency")
            .Select(each => (each.Attribute("id")!.Value, each.Attribute("version")!.Value))];

    /// <summary>An element of the metadata, or null.</summary>
    public XElement? Said(string name) => Metadata.Elements().SingleOrDefault(each => each.Name.LocalName == name);

    public string Text(string entry)
    {
        using var reader = new StreamReader(_archive.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }

    public byte[] Bytes(string entry)
    {
        using var bytes = new MemoryStream();
        using var content = _archive.GetEntry(entry)!.Open();
        content.CopyTo(bytes);
        return bytes.ToArray();
    }

    public void Dispose() => _archive.Dispose();
}
