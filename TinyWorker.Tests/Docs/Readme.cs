using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>The samples of a README: each says which example's code it is.</summary>
internal static partial class Readme
{
    public static Sample[] SamplesOf(string readme) =>
        [.. SampleBlock().Matches(readme).Select(match => new Sample(match.Groups["path"].Value, match.Groups["code"].Value))];

    public static int MarksOf(string readme) => Mark().Count(readme);

    public static int BlocksOf(string readme) => Block().Count(readme);

    /// <summary>Where the sample begins and ends in the lines of its example.</summary>
    public static Range PlaceIn(string[] example)
    {
        var begin = Array.FindIndex(example, line => line.Trim() == "// <sample>");
        var end = Array.FindIndex(example, line => line.Trim() == "// </sample>");
        Assert.That(begin >= 0 && end > begin, Is.True, "the example has a // <sample> and a // </sample> behind it");
        return (begin + 1)..end;
    }

    [GeneratedRegex(@"<!-- sample: \S+ -->")]
    private static partial Regex Mark();

    [GeneratedRegex(@"<!-- sample: (?<path>\S+) -->\n```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex SampleBlock();

    [GeneratedRegex("^```(csharp|cs|c#)", RegexOptions.Multiline)]
    private static partial Regex Block();

    internal sealed record Sample(string Path, string Code);
}
