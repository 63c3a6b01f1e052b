using System.Globalization;
using System.Runtime.InteropServices;

namespace TinyWorker.Chaos;

/// <summary>Threads, handles and children of this process, read from /proc. On other systems than Linux nothing is found.</summary>
internal static partial class Leftovers
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    private static readonly string Self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>How many children there are. A child that has ended counts until its parent has read its exit code.</summary>
    public static int Children() =>
        Entries("/proc").Count(name => int.TryParse(name, CultureInfo.InvariantCulture, out var id) && IsChild(id));

    /// <summary>How many threads have a name with this prefix. The system keeps the first 15 characters of a name.</summary>
    public static int Threads(string prefix) =>
        Entries("/proc/self/task").Count(id => Read($"/proc/self/task/{id}/comm").StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Open handles, without those of assemblies and their symbols: the runtime loads these at any time.</summary>
    public static string[] Handles() =>
        [.. Entries("/proc/self/fd").Select(id => Target($"/proc/self/fd/{id}"))
            .Where(target => target.Length > 0)
            .Where(target => !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".pdb", StringComparison.Ordinal))];

    /// <summary>Sends a signal to a child. Returns false if the process is no longer a child.</summary>
    public static bool Signal(int child, int signal) => IsChild(child) && Send(child, signal) == 0;

    private static bool IsChild(int id)
    {
        var stat = Read($"/proc/{id}/stat");
        return stat.Length > 0 && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == Self;
    }

    private static IEnumerable<string> Entries(string folder) =>
        Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)) : [];

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";   // the process has ended
        }
    }

    private static string Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
