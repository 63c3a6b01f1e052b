namespace TinyWorker.Tests.Docs;

/// <summary>What a README shows is the code of an example, to the letter.</summary>
[TestFixture("README.md")]
[TestFixture("TinyWorker.Console/README.md")]
[TestFixture("docs/observing.md")]
internal sealed class ReadmeTests(string readme)
{
    private readonly string _root = RepositoryRoot.Find();

    [Test]
    public void Readme_EverySample_IsTheExamplesCode()
    {
        var text = File.ReadAllText(Path.Combine(_root, readme));
        var samples = Readme.SamplesOf(text);

        Assert.That(samples, Is.Not.Empty, "samples in the README");
        Assert.That(samples, Has.Length.EqualTo(Readme.MarksOf(text)), "a sample's mark is followed by a csharp block at once");
        using (Assert.EnterMultipleScope())
        {
            foreach (var sample in samples)
                Assert.That(sample.Code, Is.EqualTo(CodeOf(Path.Combine(_root, sample.Path))), sample.Path);
        }
    }

    [Test]
    public void Readme_EveryCSharpBlock_IsASample()
    {
        var text = File.ReadAllText(Path.Combine(_root, readme));

        Assert.That(Readme.BlocksOf(text), Is.EqualTo(Readme.SamplesOf(text).Length), "blocks of C# in the README, and those marked as samples");
    }

    private static string CodeOf(string file)
    {
        var lines = File.ReadAllLines(file);
        var code = lines[Readme.PlaceIn(lines)];
        var indent = code.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Concat(code.Select(line => (line.Length >= indent ? line[indent..] : "") + "\n"));
    }
}
