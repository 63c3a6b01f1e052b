using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>Folders of the library use one another in one direction: read from the sources.</summary>
/// <remarks>
/// What a file uses of a folder's internal types shows in its using directives, because an unused one does not compile. Public types are
/// all in one namespace, whatever their folder: those are found by their names.
/// </remarks>
internal sealed partial class LayerTests
{
    // The lowest first. A folder may use those before it.
    private static readonly string[] Layers =
    [
        "Threading", "Diagnostics", "Futures", "Tasks", "Workers", "Workers/Executors", "Platform",
        "Processes/Payloads", "Processes/Data", "Processes/Functions", "Processes/Exceptions", "Processes/Protocol",
        "Processes/Child", "Processes/Parent/Launching", "Processes/Parent", "Streaming", "Composing",
    ];

    // And not these, though they come before it.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["Processes/Parent/Launching"] = ["Processes/Child"],
        ["Processes/Parent"] = ["Processes/Child"],
        ["Composing"] = [.. Layers.SkipWhile(layer => layer != "Workers").TakeWhile(layer => layer != "Composing")],
        ["Streaming"] = [.. Layers.SkipWhile(layer => layer != "Workers").TakeWhile(layer => layer != "Streaming")],
    };

    private static readonly Source[] Sources = [.. ReadSources()];

    private static IEnumerable<string> Folders => Sources.Select(source => source.Folder).Where(folder => folder.Length > 0).Distinct();

    [Test]
    public void EveryFolder_HasALayer() => Assert.That(Folders, Is.EquivalentTo(Layers));

    [Test]
    public void DesignPage_ListsTheLayersInTheirOrder()
    {
        var page = File.ReadAllLines(Path.Combine(RepositoryRoot.Find(), "docs", "design.md"));
        var rows = page.Select(line => FirstCell().Match(line).Groups[1].Value).Where(name => Layers.Contains(name));
        Assert.That(rows, Is.EqualTo(Layers));
    }

    [TestCaseSource(nameof(Layers))]
    public void Folder_UsesOnlyTheLayersBelowIt(string folder)
    {
        var allowed = Layers.TakeWhile(layer => layer != folder).Append(folder).Except(Forbidden.GetValueOrDefault(folder, []));
        var wrong = Sources.Where(source => source.Folder == folder)
            .SelectMany(source => UsedFolders(source).Except(allowed).Select(used => $"{source.Path} uses {used}"));
        Assert.That(wrong, Is.Empty);
    }

    // Plain vocabulary, such as options and exceptions, may be used by all, and must then use no folder itself that is not below its users.
    [TestCaseSource(nameof(Layers))]
    public void Folder_UsesNoRootType_ThatUsesTheFolderOrOneAboveIt(string folder)
    {
        var wrong = Sources.Where(source => source.Folder == folder)
            .SelectMany(source => UsedRootTypes(source)
                .Where(type => LevelOf(type, []) >= Level(folder))
                .Select(type => $"{source.Path} uses {type}"));
        Assert.That(wrong, Is.Empty);
    }

    /// <summary>The highest layer that a root type uses, directly or through other root types; -1 if it uses none.</summary>
    private static int LevelOf(string rootType, HashSet<string> seen)
    {
        if (!seen.Add(rootType)) return -1;
        var files = Sources.Where(source => source.Folder.Length == 0 && source.Types.Contains(rootType)).ToArray();
        return files.SelectMany(UsedFolders).Select(Level)
            .Concat(files.SelectMany(UsedRootTypes).Select(used => LevelOf(used, seen)))
            .DefaultIfEmpty(-1).Max();
    }

    private static int Level(string folder) => Array.IndexOf(Layers, folder);

    private static IEnumerable<string> UsedFolders(Source source) =>
        source.Usings.Concat(PublicTypesUsedBy(source).Select(type => type.Folder)).Where(folder => folder.Length > 0).Distinct();

    private static IEnumerable<string> UsedRootTypes(Source source) =>
        PublicTypesUsedBy(source).Where(type => type.Folder.Length == 0).Select(type => type.Name);

    // A type of several files belongs to the root if one of them does.
    private static IEnumerable<(string Name, string Folder)> PublicTypesUsedBy(Source source) =>
        from other in Sources
        where other.IsPublic
        from name in other.Types
        where source.Words.Contains(name) && !source.Types.Contains(name)
        group other.Folder by name into type
        select (type.Key, type.MinBy(folder => folder.Length)!);

    private static IEnumerable<Source> ReadSources()
    {
        var root = Path.Combine(RepositoryRoot.Find(), "TinyWorker");
        foreach (var file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (path.StartsWith("bin/", StringComparison.Ordinal) || path.StartsWith("obj/", StringComparison.Ordinal)) continue;
            var code = CommentOrText().Replace(File.ReadAllText(file), "");
            var folder = Path.GetDirectoryName(path)!.Replace('\\', '/');
            yield return new Source(
                path,
                folder,
                Namespace().Match(code).Groups[1].Value == "TinyWorker",
                [.. TypeName().Matches(code).Select(match => match.Groups[1].Value)],
                [.. Word().Matches(code).Select(match => match.Value)],
                [.. QualifiedName().Matches(code)
                    .Select(match => FolderOf(match.Groups[1].Value)).OfType<string>().Where(used => used != folder)]);
        }
    }

    // The longest beginning of a dotted name that is a folder: the rest are names of types and members.
    private static string? FolderOf(string name)
    {
        var path = name.Replace('.', '/');
        return Layers.Where(layer => path == layer || path.StartsWith(layer + "/", StringComparison.Ordinal)).MaxBy(layer => layer.Length);
    }

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\\r\n])*""")]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bTinyWorker\.([A-Z][\w.]*)")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^(?:[a-z]+ )*(?:class|struct|interface|enum|record|delegate [\w<>\[\]?, ]+?) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b[A-Za-z_]\w*\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\| `([\w/]+)` \|")]
    private static partial Regex FirstCell();

    private sealed record Source(
        string Path, string Folder, bool IsPublic, HashSet<string> Types, HashSet<string> Words, HashSet<string> Usings);
}
