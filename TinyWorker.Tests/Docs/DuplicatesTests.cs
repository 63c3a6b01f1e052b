using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>The first example of the README, which finds duplicate files.</summary>
internal sealed partial class DuplicatesTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    [Test]
    public async Task Duplicates_OfAFolder_NamesEqualFilesAndSkipsBinObjAndGit()
    {
        var (output, _) = await RunAsync("same", "other");

        Assert.That(output, Does.Contain("2 files of 4 bytes").And.Contain("a.txt").And.Contain(Path.Combine("sub", "b.txt")));
        Assert.That(output, Does.Contain("1 groups of duplicates with 2 files; 4 bytes could be saved"));
        Assert.That(output, Does.Contain("3 files with 13 bytes hashed"));
        Assert.That(output, Does.Not.Contain("copy.txt"), "a file in bin, obj or .git");
    }

    [Test]
    public async Task Duplicates_OfAFolder_GivesTheSameRateInItsBarAndItsSummary()
    {
        var (output, errors) = await RunAsync("same", "other");

        var bar = Rate(BarRate().Match(errors));
        var summary = Rate(SummaryRate().Match(output));
        // The bar has three digits.
        Assert.That(bar, Is.EqualTo(summary).Within(0.6).Percent.Or.EqualTo(summary).Within(1), errors + output);
    }

    private static async Task<(string Output, string Errors)> RunAsync(string same, string other)
    {
        var folder = Directory.CreateTempSubdirectory("duplicates-").FullName;
        try
        {
            Write("a.txt", same);
            Write("sub/b.txt", same);
            Write("sub/.hidden", other);
            foreach (var skipped in new[] { "bin", "sub/obj", ".git" }) Write(skipped + "/copy.txt", same);
            var program = Path.Combine(Path.GetDirectoryName(typeof(DuplicatesTests).Assembly.Location)!, "TinyWorker.Examples.dll");
            var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Deadline, "duplicates", folder);
            Assert.That(exitCode, Is.Zero, errors);
            return (output, errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Write(string path, string text)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }

    private static double Rate(Match match)
    {
        Assert.That(match.Success, Is.True, "a rate");
        var number = double.Parse(match.Groups["number"].Value, NumberStyles.Number, CultureInfo.InvariantCulture);
        return match.Groups["unit"].Value == "k" ? number * 1000 : number;
    }

    [GeneratedRegex(@"hashing: 100% \(3/3\), (?<number>[\d.]+)(?<unit>k?)/s")]
    private static partial Regex BarRate();

    [GeneratedRegex(@": (?<number>[\d,]+)(?<unit>) files/s")]
    private static partial Regex SummaryRate();
}
