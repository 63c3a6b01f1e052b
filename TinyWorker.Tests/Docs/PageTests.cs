using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>What the README shows is the code of an example, to the letter.</summary>
internal sealed partial class ReadmeTests
{
    [Test]
    public void Readme_EverySample_IsTheExamplesCode()
    {
        var root = RepositoryRoot.Find();
        var readme = File.ReadAllText(Path.Combine(root, "README.md"));
        var samples = Sample().Matches(readme);
        var marks = Mark().Count(readme);

        Assert.That(marks, Is.GreaterThan(0), "samples in the README");
        Assert.That(samples, Has.Count.EqualTo(marks), "a sample's mark is followed by a csharp block at once");
        using (Assert.EnterMultipleScope())
        {
            foreach (Match sample in samples)
            {
                var path = sample.Groups["path"].Value;
                Assert.That(sample.Groups["code"].Value, Is.EqualTo(CodeOf(Path.Combine(root, path))), path);
            }
        }
    }

    [Test]
    public void Readme_EveryCSharpBlock_IsASample()
    {
        var readme = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "README.md"));

        Assert.That(Block().Count(readme), Is.EqualTo(Sample().Count(readme)), "blocks of C# in the README, and those marked as samples");
    }

    private static string CodeOf(string file)
    {
        var lines = File.ReadAllLines(file);
        var begin = Array.FindIndex(lines, line => line.Trim() == "// <sample>");
        var end = Array.FindIndex(lines, line => line.Trim() == "// </sample>");
        Assert.That(begin >= 0 && end > begin, Is.True, $"{file} has a // <sample> and a // </sample> behind it");
        var code = lines[(begin + 1)..end];
        var indent = code.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Concat(code.Select(line => (line.Length >= indent ? line[indent..] : "") + "\n"));
    }

    [GeneratedRegex(@"<!-- sample: \S+ -->")]
    private static partial Regex Mark();

    [GeneratedRegex(@"<!-- sample: (?<path>\S+) -->\n```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex("^```(csharp|cs|c#)", RegexOptions.Multiline)]
    private static partial Regex Block();
}
