namespace TinyWorker.Tests.Support;

internal static class Threads
{
    /// <summary>The names of this process's threads that begin so (the system keeps the first 15 characters).</summary>
    public static string[] Of(string prefix) =>
        [.. Tasks().Select(task => Read(task, "comm").Trim()).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];

    /// <summary>What the system says of each thread whose name begins so: its state, how often it has slept, and more, a line each.</summary>
    public static IEnumerable<string[]> StatusOf(string prefix) =>
        Tasks().Select(task => Read(task, "status").Split('\n')).Where(lines => lines[0].StartsWith("Name:\t" + prefix, StringComparison.Ordinal));

    /// <summary>Checks that none is left. A joined thread has ended for .NET a moment before the system takes it off its list.</summary>
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
            return "";   // the thread has ended meanwhile
        }
    }
}
