namespace TinyWorker.Tests.Support;

/// <summary>The threads of this process, by their names. Empty where there is no /proc.</summary>
internal static class Threads
{
    /// <summary>The names that begin with the prefix. The system keeps only the first 15 characters of a name.</summary>
    public static string[] Of(string prefix) =>
        [.. Tasks().Select(task => Read(task, "comm").Trim()).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];

    /// <summary>The lines of the status file of each such thread, among them its state and how often it has slept.</summary>
    public static IEnumerable<string[]> StatusOf(string prefix) =>
        Tasks().Select(task => Read(task, "status").Split('\n'))
            .Where(lines => lines[0].StartsWith("Name:\t" + prefix, StringComparison.Ordinal));

    /// <summary>Waits until no such thread is left. The system lists a thread for a moment after .NET has joined it.</summary>
    public static void AreGone(string prefix) => Within.Until(() => Of(prefix).Length == 0, $"the end of the threads '{prefix}'");

    private static string[] Tasks() => Directory.Exists("/proc/self/task") ? Directory.GetDirectories("/proc/self/task") : [];

    private static string Read(string task, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, file));
        }
        catch (IOException)
        {
            return "";   // the thread has just ended
        }
    }
}
