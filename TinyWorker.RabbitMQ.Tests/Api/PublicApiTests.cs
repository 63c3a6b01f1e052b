using System.Reflection;
using System.Text.RegularExpressions;
using PublicApiGenerator;

namespace TinyWorker.RabbitMQ.Tests.Api;

/// <summary>
/// The public APIs are what the texts beside this file say. A change is a decision: read the change in the message of the test, accept it
/// with <c>TINYWORKER_ACCEPT_API=1 dotnet test --filter PublicApiTests</c>, and commit the text with the change.
/// </summary>
internal sealed partial class PublicApiTests
{
    private const string Accept = "TINYWORKER_ACCEPT_API";

    [TestCase("TinyWorker.RabbitMQ")]
    [TestCase("TinyWorker.RabbitMQ.Hosting")]
    public void PublicApi_OfTheAssembly_IsWhatWasAccepted(string assembly)
    {
        // The extension methods are in a namespace of Microsoft, which is denied by default.
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        var text = Assembly.Load(assembly).GeneratePublicApi(options);
        // Without the messages of attributes: a change of a message breaks nobody.
        var found = MessageOfAnAttribute().Replace(text.ReplaceLineEndings("\n"), "$1]").TrimEnd().Split('\n');
        var file = Path.Combine(Root(), "TinyWorker.RabbitMQ.Tests", "Api", assembly + ".txt");
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, string.Concat(found.Select(line => line + "\n")));

        var accepted = File.ReadAllLines(file);
        Assert.That(found, Is.EqualTo(accepted), () => $"""
            The public API of {assembly} is no longer what {file} says:
            {string.Join("\n", accepted.Except(found).Select(line => "- " + line.Trim()))}
            {string.Join("\n", found.Except(accepted).Select(line => "+ " + line.Trim()))}
            If it is meant to change: {Accept}=1 dotnet test --filter PublicApiTests
            """);
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TinyWorker.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No folder above this has TinyWorker.sln.");
        return folder;
    }

    [GeneratedRegex("""(\[[\w.]+)\("[^]]*"\)\]""")]
    private static partial Regex MessageOfAnAttribute();
}
