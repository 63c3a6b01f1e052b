using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Tests.Processes;

/// <summary>What Linux tells about processes.</summary>
internal static class ProcessTable
{
    /// <summary>Whether there is such a process that is not a zombie.</summary>
    public static bool IsAlive(int id) => Stat(id) is { } stat && stat[0] != "Z";

    public static int Group(int id) => int.Parse(Stat(id)![2], CultureInfo.InvariantCulture);

    /// <summary>The children of this process that have ended and for which nobody has waited.</summary>
    public static int[] Zombies() => All().Where(id => Stat(id) is ["Z", var parent, ..] && parent == Self).ToArray();

    public static int[] Children() => All().Where(id => Stat(id) is [_, var parent, ..] && parent == Self).ToArray();

    /// <summary>How many files this process has open, without assemblies and their symbols, which are loaded when needed.</summary>
    public static int OpenHandles() =>
        Directory.GetFiles("/proc/self/fd").Select(Target)
            .Count(target => !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".pdb", StringComparison.Ordinal));

    /// <summary>In how many places this process has memory that it shares with a worker process.</summary>
    public static int SharedMappings() => File.ReadLines("/proc/self/maps").Count(IsShared);

    /// <summary>How many files of such memory it has open.</summary>
    public static int SharedFiles() => Directory.GetFiles("/proc/self/fd").Select(Target).Count(IsShared);

    /// <summary>A variable of the process's first environment; null if it has none.</summary>
    public static string? Environment(int id, string variable) =>
        File.ReadAllText($"/proc/{id}/environ").Split('\0')
            .SingleOrDefault(text => text.StartsWith(variable + "=", StringComparison.Ordinal))?[(variable.Length + 1)..];

    /// <summary>The sockets of a process, by the numbers that the system gives them.</summary>
    public static string[] Sockets(string id) =>
        [.. Directory.GetFiles($"/proc/{id}/fd").Select(Target).Where(target => target.StartsWith("socket:", StringComparison.Ordinal))];

    public static void Kill(int id, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, "--", id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static string Self => System.Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<int> All() => Directory.GetDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
        .Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    // State, parent, group, ...: what follows the name in its brackets. Null if there is no such process.
    private static string[]? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsShared(string path) => path.Contains("/memfd:tinyworker", StringComparison.Ordinal);

    private static string Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";   // closed meanwhile
        }
    }
}
