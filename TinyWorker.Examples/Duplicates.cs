using System.Text;

namespace TinyWorker.Examples;

/// <summary>
/// Finds files with equal content. A map takes every file through two troupes: the workers of the first hash the files, the one worker of
/// the second groups them. A bar shows the progress. Every regular file is read once; only paths and hashes stay in memory. Hard links to
/// the same file count as duplicates.
/// </summary>
internal sealed class Duplicates
{
    private const int Window = 1024;   // how many files are on their way at a time: enough to keep every worker busy

    private readonly HashSet<DuplicatesGroup> groups = [];
    private readonly List<string> unreadable = [];
    private readonly string root;
    private long files;
    private long bytes;

    private Duplicates(string root) => this.root = root;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments.Length > 1)
            return Refuse($"duplicates takes one folder, but was given {arguments.Length}: {string.Join(' ', arguments)}");
        if ((arguments is [var folder] ? folder : FindRepository()) is not { } root)
            return Refuse($"No git repository around '{Environment.CurrentDirectory}': name a folder, as in 'duplicates FOLDER'.");
        if (!Directory.Exists(root))
            return Refuse($"There is no folder '{root}'.");

        await new Duplicates(Path.GetFullPath(root)).FindAsync();
        return Program.Success;
    }

    private async Task FindAsync()
    {
        var walk = new DuplicatesWalk(Report);
        var paths = walk.Files(root).ToList();   // the walk comes first, so that the bar knows how many files there are

        using var progress = new DuplicatesProgress();
        await using (var chain = new DuplicatesChain())
        {
            var options = new MapOptions { Ordered = false, Window = Window, Progress = progress };
            await foreach (var (_, path, group, exception) in chain.MapOutcomesAsync(paths, options))
            {
                if (exception is null)
                    Count(group!);
                else
                    Report(path, exception);
            }
        }

        Print(progress, walk.Skipped);
    }

    private void Count(DuplicatesGroup group)
    {
        groups.Add(group);
        files++;
        bytes += group.Length;
    }

    // The messages are printed at the end: a line in the middle of the progress bar would break the bar.
    private void Report(string path, Exception exception) => unreadable.Add($"cannot read '{path}': {exception.Message}");

    private void Print(DuplicatesProgress progress, int skipped)
    {
        // Everything is sorted: the output must not depend on the order in which files were found and hashed.
        foreach (var line in unreadable.Order(StringComparer.Ordinal))
            Console.Error.WriteLine(line);

        var duplicates = groups.Where(group => group.Paths.Count > 1).ToList();
        foreach (var group in duplicates)
            group.Paths.Sort(StringComparer.Ordinal);

        var text = new StringBuilder();
        foreach (var group in duplicates.OrderByDescending(group => group.Wasted).ThenBy(group => group.Paths[0], StringComparer.Ordinal))
        {
            text.AppendLine($"{group.Digest}  {group.Paths.Count} files of {group.Length:N0} bytes");
            foreach (var path in group.Paths)
                text.AppendLine($"  {Path.GetRelativePath(root, path)}");

            Console.WriteLine(text);
            text.Clear();
        }

        Console.WriteLine($"{duplicates.Count:N0} groups of duplicates with {duplicates.Sum(group => (long)group.Paths.Count):N0} files; "
            + $"{duplicates.Sum(group => group.Wasted):N0} bytes could be saved");
        var seconds = progress.Last.Elapsed.TotalSeconds;
        Console.WriteLine($"{files:N0} files with {bytes:N0} bytes hashed in {seconds:F2} s: "
            + $"{progress.FilesPerSecond:N0} files/s, {(seconds > 0 ? bytes / seconds / 1_000_000 : 0):N1} MB/s");
        if (unreadable.Count + skipped > 0)
            Console.WriteLine(
                $"{unreadable.Count:N0} files or folders could not be read; {skipped:N0} pipes, sockets or devices were skipped");
    }

    /// <summary>The current folder or the nearest one above it that contains .git. In a linked worktree .git is a file.</summary>
    private static string? FindRepository()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Exists(Path.Combine(folder.FullName, ".git")))
                return folder.FullName;
        }

        return null;
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return Program.UsageError;
    }
}
