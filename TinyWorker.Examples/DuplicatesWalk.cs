using System.IO.Enumeration;

namespace TinyWorker.Examples;

/// <summary>
/// Walks a tree lazily and yields its regular files, hidden ones included. It follows no symbolic links, and skips folders named bin, obj
/// and .git: tools fill these folders with copies.
/// </summary>
/// <param name="report">Called for every folder that cannot be read. The walk then skips that folder.</param>
internal sealed class DuplicatesWalk(Action<string, Exception> report)
{
    private static readonly string[] SkippedFolders = ["bin", "obj", ".git"];

    // The defaults would skip hidden files, and would skip folders without access silently.
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>How many pipes, sockets and devices were skipped so far. To open one of them could block for ever.</summary>
    public int Skipped { get; private set; }

    public IEnumerable<string> Files(string root)
    {
        var folders = new Stack<string>();
        folders.Push(root);
        while (folders.TryPop(out var folder))
        {
            foreach (var (path, isFolder) in Entries(folder))
            {
                if (isFolder)
                    folders.Push(path);
                else if (DuplicatesFileType.MayBeRegular(path))
                    yield return path;
                else
                    Skipped++;
            }
        }
    }

    /// <summary>The entries of one folder, as a list: a lazy enumeration could not report an error and go on.</summary>
    private List<(string Path, bool IsFolder)> Entries(string folder)
    {
        var entries = new List<(string, bool)>();
        try
        {
            entries.AddRange(new FileSystemEnumerable<(string, bool)>(
                folder,
                (ref entry) => (entry.ToFullPath(), entry.IsDirectory),
                Everything)
            {
                ShouldIncludePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && !IsSkipped(ref entry),
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report(folder, exception);
        }

        return entries;
    }

    private static bool IsSkipped(ref FileSystemEntry entry)
    {
        if (!entry.IsDirectory) return false;
        foreach (var name in SkippedFolders)
            if (entry.FileName.SequenceEqual(name)) return true;
        return false;
    }
}
