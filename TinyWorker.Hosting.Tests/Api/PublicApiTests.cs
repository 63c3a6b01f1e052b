using System.Reflection;
using System.Text.RegularExpressions;
using PublicApiGenerator;

namespace TinyWorker.Hosting.Tests.Api;

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
        const string Name = "TinyWorker.Hosting";
        // The extension methods are in a namespace of Microsoft, which is denied by default.
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        var text = Assembly.Load(Name).GeneratePublicApi(options);
        // Without the messages of attributes: a change of a message breaks nobody.
        var found = MessageOfAnAttribute().Replace(text.ReplaceLineEndings("\n"), "$1]").TrimEnd().Split('\n');
        var file = Path.Combine(Repository.Root, "TinyWorker.Hosting.Tests", "Api", Name + ".txt");
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, string.Concat(found.Select(line => line + "\n")));

        var accepted = File.ReadAllLines(file);
        Assert.That(found, Is.EqualTo(accepted), () => $"""
            The public API of {Name} is no longer what {file} says:
            {string.Join("\n", accepted.Except(found).Select(line => "- " + line.Trim()))}
            {string.Join("\n", found.Except(accepted).Select(line => "+ " + line.Trim()))}
            If it is meant to change: {Accept}=1 dotnet test --filter PublicApiTests
            """);
    }

    [GeneratedRegex("""(\[[\w.]+)\("[^]]*"\)\]""")]
    private static partial Regex MessageOfAnAttribute();
}
