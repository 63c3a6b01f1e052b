using System.Diagnostics;
using System.Text;

namespace TinyWorker.Examples;

/// <summary>
/// Finds files of equal content: a troupe of workers hashes every file, and a troupe of one worker groups the hashes. Every
/// regular file is read once, whole; only paths and hashes are kept. Hard links to one file count as duplicates.
/// </summary>
internal sealed class Duplicates
{
    // Enough to keep every worker busy; what lies between the walk and the report never grows beyond it.
    private const int Window = 1024;

    private readonly Queue<Outstanding> outstanding = new(Window);
    private readonly List<DuplicatesGroup> groups = [];
    private readonly string root;
    private long files;
    private long bytes;
    private long unreadable;

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
        var clock = Stopwatch.StartNew();
        var walk = new DuplicatesWalk(Report);

        await using (var hashers = new TinyTroupe<string, DuplicatesHashedFile>(
            worker => new DuplicatesHashWorker(), new() { Name = "hash", Capacity = Window }))
        await using (var groupers = new TinyTroupe<DuplicatesHashedFile, DuplicatesGroup?>(
            worker => new DuplicatesGroupWorker(), new() { Name = "group", Workers = 1, Capacity = Window }))
        {
            foreach (var path in walk.Files(root))
            {
                if (outstanding.Count == Window)
                    await CollectOneAsync();

                var hashed = await hashers.SubmitAsync(path);
                outstanding.Enqueue(new(path, hashed, await groupers.SubmitAsync(hashed)));
            }

            while (outstanding.Count > 0)
                await CollectOneAsync();
        }

        Print(clock.Elapsed, walk.Skipped);
    }

    /// <summary>Waits for the oldest file. What its hash worker threw has travelled through the chain and surfaces here.</summary>
    private async Task CollectOneAsync()
    {
        var (path, hashed, grouped) = outstanding.Dequeue();
        try
        {
            if (await grouped is { } newGroup)
                groups.Add(newGroup);

            files++;
            bytes += hashed.Result().Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Report(path, exception);
        }
    }

    private void Report(string path, Exception exception)
    {
        unreadable++;
        Console.Error.WriteLine($"cannot read '{path}': {exception.Message}");
    }

    private void Print(TimeSpan elapsed, int skipped)
    {
        // The order in which files were walked and hashed must not show.
        foreach (var group in groups)
            group.Paths.Sort(StringComparer.Ordinal);

        var text = new StringBuilder();
        foreach (var group in groups.OrderByDescending(group => group.Wasted).ThenBy(group => group.Paths[0], StringComparer.Ordinal))
        {
            text.AppendLine($"{group.Digest}  {group.Paths.Count} files of {group.Length:N0} bytes");
            foreach (var path in group.Paths)
                text.AppendLine($"  {Path.GetRelativePath(root, path)}");

            Console.WriteLine(text);
            text.Clear();
        }

        var seconds = Math.Max(elapsed.TotalSeconds, 0.000_001);
        Console.WriteLine($"{groups.Count:N0} groups of duplicates with {groups.Sum(group => (long)group.Paths.Count):N0} files; "
            + $"{groups.Sum(group => group.Wasted):N0} bytes could be saved");
        Console.WriteLine($"{files:N0} files with {bytes:N0} bytes read in {seconds:F2} s: "
            + $"{files / seconds:N0} files/s, {bytes / seconds / 1_000_000:N1} MB/s");
        if (unreadable + skipped > 0)
            Console.WriteLine($"{unreadable:N0} files or folders could not be read; {skipped:N0} pipes, sockets or devices were left out");
    }

    /// <summary>The folder, this one or one above it, that holds a .git; in a linked worktree that is a file.</summary>
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

    private readonly record struct Outstanding(
        string Path, TinyFuture<DuplicatesHashedFile> Hashed, TinyFuture<DuplicatesGroup?> Grouped);
}
