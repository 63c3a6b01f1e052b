using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Docs;

/// <summary>
/// A <c>lock</c> statement throws if its thread is interrupted while the lock is contended. The library takes its locks by
/// <c>Uninterrupted.Enter</c>.
/// </summary>
internal sealed partial class LockTests
{
    [Test]
    public void Locks_OfTheLibrary_GoOnWhenTheirThreadIsInterrupted()
    {
        var library = Path.Combine(RepositoryRoot.Find(), "TinyWorker");
        var made = Path.Combine(library, "obj");
        var files = Directory.GetFiles(library, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith(made, StringComparison.Ordinal)).ToArray();
        Assert.That(files, Has.Length.GreaterThan(100));
        foreach (var file in files)
            Assert.That(File.ReadAllLines(file).Where(line => LockStatement().IsMatch(line)), Is.Empty, file);
    }

    [GeneratedRegex(@"^\s*lock \(")]
    private static partial Regex LockStatement();
}
