using System.Reflection;
using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>Every name in code type in docs/design.md exists in the code.</summary>
internal sealed partial class DesignTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    [Test]
    public void Design_EveryNameInIt_IsOfTheCode()
    {
        var root = RepositoryRoot.Find();
        Type[] types = [.. typeof(TinyFuture).Assembly.GetTypes(), .. typeof(DesignTests).Assembly.GetTypes()];
        var members = types.SelectMany(type => type.GetMembers(Everything)).Select(member => member.Name);
        var names = types.Select(NameOf).Concat(members).ToHashSet();
        var library = Path.Combine(root, "TinyWorker");
        var files = Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories).Select(Path.GetFileName).ToHashSet();
        var page = File.ReadAllText(Path.Combine(root, "docs", "design.md"));
        var code = Code().Matches(page).Select(match => match.Groups[1].Value).ToArray();

        Assert.That(code, Has.Length.GreaterThan(80), "names on the page");
        Assert.That(code.Where(name => !IsThere(name)), Is.Empty, "names on the page that are not in the code");

        bool IsThere(string name) =>
            files.Contains(name)
            || Directory.Exists(Path.Combine(library, name)) || Directory.Exists(Path.Combine(root, name))
            || name.StartsWith("dotnet run ", StringComparison.Ordinal)
            || (name.Split('.') is [var type, var member]
                ? types.Any(t => NameOf(t) == type && Members(t).Contains(member))
                : names.Contains(name) || names.Any(any => name == "_NeedsLock" && any.EndsWith(name, StringComparison.Ordinal)));

        static IEnumerable<string> Members(Type type) => type.GetMembers(Everything).Select(member => member.Name);
    }

    private static string NameOf(Type type) => type.Name.Split('`')[0];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
