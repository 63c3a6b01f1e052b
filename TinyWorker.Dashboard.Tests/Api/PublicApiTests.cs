using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using PublicApiGenerator;

namespace TinyWorker.Dashboard.Tests.Api;

/// <summary>
/// The public API is what the text beside this file says. A change is a decision: read the change in the message of the test, accept it
/// with <c>TINYWORKER_ACCEPT_API=1 dotnet test --filter PublicApiTests</c>, and commit the text with the change.
/// </summary>
internal sealed partial class PublicApiTests
{
    private const string Accept = "TINYWORKER_ACCEPT_API";

    [Test]
    public void PublicApi_OfTheAssembly_IsWhatWasAccepted()
    {
        var assembly = typeof(TinyTroupeDashboardOptions).Assembly;
        var text = assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        var found = MessageOfAnAttribute().Replace(text.ReplaceLineEndings("\n"), "$1]").TrimEnd().Split('\n');
        var file = Path.Combine(Root(), "TinyWorker.Dashboard.Tests", "Api", "TinyWorker.Dashboard.txt");
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, string.Concat(found.Select(line => line + "\n")));

        var accepted = File.ReadAllLines(file);
        Assert.That(found, Is.EqualTo(accepted), () => $"""
            The public API is no longer what {file} says:
            {string.Join("\n", accepted.Except(found).Select(line => "- " + line.Trim()))}
            {string.Join("\n", found.Except(accepted).Select(line => "+ " + line.Trim()))}
            If it is meant to change: {Accept}=1 dotnet test --filter PublicApiTests
            """);
    }

    private static string Root()
    {
        var folder = Path.GetDirectoryName(typeof(PublicApiTests).Assembly.Location);
        while (folder is not null && !File.Exists(Path.Combine(folder, "TinyWorker.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new AssertionException("No TinyWorker.sln above the tests");
    }

    [GeneratedRegex("""(\[[\w.]+)\("[^]]*"\)\]""")]
    private static partial Regex MessageOfAnAttribute();
}
