using System.Reflection;
using TinyWorker.Tests.Docs;

namespace TinyWorker.Tests.Api;

/// <summary>
/// The public API is what the texts beside this file say. A change is a decision: read it in what the test tells, accept it with
/// <c>TINYWORKER_ACCEPT_API=1 dotnet test --filter PublicApiTests</c>, and commit the text with the change.
/// </summary>
internal sealed class PublicApiTests
{
    private const string Accept = "TINYWORKER_ACCEPT_API";

    [TestCase("TinyWorker")]
    [TestCase("TinyWorker.Console")]
    public void PublicApi_OfTheAssembly_IsWhatWasAccepted(string assembly)
    {
        var file = Path.Combine(RepositoryRoot.Find(), "TinyWorker.Tests", "Api", assembly + ".txt");
        var lines = ApiText.Of(Assembly.Load(assembly).GetExportedTypes());
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(file, string.Concat(lines.Select(line => line + "\n")));

        string[] accepted = [.. WithTheirTypes(File.ReadAllLines(file))], found = [.. WithTheirTypes(lines)];
        string[] changes = [.. accepted.Except(found).Select(line => "- " + line), .. found.Except(accepted).Select(line => "+ " + line)];
        Assert.That(changes, Is.Empty, () => $"""
            The public API of {assembly} is no longer what {file} says:
            {string.Join("\n", changes)}
            If it is meant to change: {Accept}=1 dotnet test --filter PublicApiTests
            """);
    }

    [Test]
    public void Text_OfTypes_HasWhatUsersDependOn() => Assert.That(ApiText.Of([.. typeof(Samples).GetNestedTypes(), typeof(SampleExtensions)]), Is.EqualTo(new[]
    {
        "public static class SampleExtensions",
        "    [OverloadResolutionPriority(2)] [RequiresUnreferencedCode] static bool TryFind<T>("
            + "this IEnumerable<T?> source, [NotNullWhen(true)] out string? found, bool isWanted = true, params int[] more)",
        "public interface Samples.IFinder<out T> where T : new()",
        "    T Found { get; }",
        "    virtual bool HasFound { get; }",
        "public enum Samples.Kind : byte",
        "    One = 1",
        "    Many = 2",
        "[Obsolete] public sealed record class Samples.Note",
        "    Note(string Text)",
        "    string Text { get; init; }",
        "public abstract class Samples.Shelf<TKey, TValue> : IDisposable where TKey : notnull where TValue : struct, IComparable<TValue>",
        "    protected Shelf()",
        "    static readonly string? Default",
        "    const int Size = 3",
        "    (TKey, TValue?)[]? Content { get; protected set; }",
        "    TKey this[int index] { get; }",
        "    required string Name { get; init; }",
        "    event Action<TKey?>? Changed",
        "    virtual void Dispose()",
        "    abstract Dictionary<string, List<TKey?>>? Find(string? name = \"all\", Samples.Kind kind = Samples.Kind.Many, CancellationToken token = default)",
        "    sealed override string? ToString()",
        "public delegate T? Samples.Step<out T>(ref int first, in int second, out int last) where T : class?",
        "public readonly record struct Samples.Value",
        "    Value(int Number, double? Share = 0.5)",
        "    int Number { get; init; }",
        "    double? Share { get; init; }",
        "    static Samples.Value op_Addition(Samples.Value left, Samples.Value right)",
    }));

    // A member by itself does not say where it belongs.
    private static IEnumerable<string> WithTheirTypes(string[] lines)
    {
        var type = "";
        foreach (var line in lines)
        {
            var isMember = line.StartsWith(' ');
            if (!isMember) type = line;
            yield return isMember ? $"{type} |{line}" : line;
        }
    }
}
