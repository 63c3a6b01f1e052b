using System.IO.Enumeration;

namespace TinyWorker.Examples;

/// <summary>Walks a tree lazily and yields its regular files, hidden ones included. Follows no symbolic link.</summary>
/// <param name="report">Is told of every folder that cannot be read; the walk goes on without it.</param>
internal sealed class DuplicatesWalk(Action<string, Exception> report)
{
    // The defaults would leave out hidden files, and folders without access silently.
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Pipes, sockets and devices met so far; to open one of them may block for ever.</summary>
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

    /// <summary>One folder's entries, as a list: a lazy enumeration could not report an error in its middle and go on.</summary>
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
                ShouldIncludePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report(folder, exception);
        }

        return entries;
    }
}
