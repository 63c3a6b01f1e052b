using System.Globalization;
using System.Runtime.InteropServices;

namespace TinyWorker.Chaos;

/// <summary>What Linux tells of this process and its children. Elsewhere it looks as if nothing were left.</summary>
internal static partial class Leftovers
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    private static readonly string Self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Children, those included that have ended and that nobody has asked about.</summary>
    public static int Children() => Entries("/proc").Count(name => int.TryParse(name, CultureInfo.InvariantCulture, out var id) && IsChild(id));

    /// <summary>Threads whose name begins so (the system keeps the first 15 characters).</summary>
    public static int Threads(string prefix) =>
        Entries("/proc/self/task").Count(id => Read($"/proc/self/task/{id}/comm").StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Open handles, but for those of assemblies and their symbols, which are loaded whenever they are needed.</summary>
    public static string[] Handles() =>
        [.. Entries("/proc/self/fd").Select(id => Target($"/proc/self/fd/{id}"))
            .Where(target => target.Length > 0 && !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".pdb", StringComparison.Ordinal))];

    /// <summary>Sends a signal to a child. False if it is none any more.</summary>
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
            return "";   // gone meanwhile
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
