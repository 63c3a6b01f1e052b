using System.IO.Compression;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Tests.Browser;

/// <summary>What the page weighs, and that it is all there is to load.</summary>
internal sealed class WeightTests
{
    private static readonly string[] Files = ["index.html", "app.js", "style.css", "icon.svg"];

    [Test]
    public void Page_AllItsFiles_AreWithin30KilobytesAnd10Compressed()
    {
        var raw = Files.Sum(file => Read(file).Length);
        var compressed = Files.Sum(file => Compressed(Read(file)));
        TestContext.Out.WriteLine($"The page: {raw} bytes, {compressed} compressed.");
        Assert.That(raw, Is.LessThanOrEqualTo(30 * 1024));
        Assert.That(compressed, Is.LessThanOrEqualTo(10 * 1024));
    }

    [Test]
    public void Page_NoFile_NamesAnAddressElsewhere()
    {
        foreach (var file in Files)
        {
            var text = Read(file).Replace("xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal);
            Assert.That(text, Does.Not.Contain("://"), file);
        }
    }

    [Test]
    public void Page_NoFile_HasWhatThePolicyForbids() => Assert.That(
        string.Concat(Files.Select(Read)),
        Does.Not.Match("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(| style=| on[a-z]+=\""));

    private static string Read(string name)
    {
        using var file = typeof(DashboardState).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static long Compressed(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        using (var writer = new StreamWriter(gzip)) writer.Write(text);
        return compressed.Length;
    }
}
