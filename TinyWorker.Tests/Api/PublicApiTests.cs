using System.Reflection;
using System.Text.RegularExpressions;
using PublicApiGenerator;
using TinyWorker.Tests.Docs;

namespace TinyWorker.Tests.Api;

/// <summary>
/// The public API is what the texts beside this file say. A change is a decision: read the change in the message of the test, accept it
/// with <c>TINYWORKER_ACCEPT_API=1 dotnet test --filter PublicApiTests</c>, and commit the text with the change.
/// </summary>
internal sealed partial class PublicApiTests
{
    private const string Accept = "TINYWORKER_ACCEPT_API";

    [TestCase("TinyWorker")]
    [TestCase("TinyWorker.Console")]
    public void PublicApi_OfTheAssembly_IsWhatWasAccepted(string assembly) =>
        AssertIsAccepted(assembly, TextOf(Assembly.Load(assembly), types: null));

    // So that a reader of the accepted texts knows what the generator tells: no "record", no default members of interfaces.
    [Test]
    public void Text_OfTypes_HasWhatUsersDependOn() =>
        AssertIsAccepted(nameof(Samples), TextOf(typeof(Samples).Assembly, [typeof(Samples), typeof(SampleExtensions)]));

    private static void AssertIsAccepted(string name, string[] found)
    {
        var file = Path.Combine(RepositoryRoot.Find(), "TinyWorker.Tests", "Api", name + ".txt");
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, string.Concat(found.Select(line => line + "\n")));

        var accepted = File.ReadAllLines(file);
        Assert.That(found, Is.EqualTo(accepted), () => $"""
            The public API of {name} is no longer what {file} says:
            {string.Join("\n", accepted.Except(found).Select(line => "- " + line.Trim()))}
            {string.Join("\n", found.Except(accepted).Select(line => "+ " + line.Trim()))}
            If it is meant to change: {Accept}=1 dotnet test --filter PublicApiTests
            """);
    }

    // Without the messages of attributes: a change of a message breaks nobody.
    private static string[] TextOf(Assembly assembly, Type[]? types)
    {
        var text = assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false, IncludeTypes = types });
        return MessageOfAnAttribute().Replace(text.ReplaceLineEndings("\n"), "$1]").TrimEnd().Split('\n');
    }

    [GeneratedRegex("""(\[[\w.]+)\("[^]]*"\)\]""")]
    private static partial Regex MessageOfAnAttribute();
}
