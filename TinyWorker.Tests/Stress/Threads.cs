namespace TinyWorker.Tests.Stress;

internal static class Threads
{
    /// <summary>The names of this process's threads that begin so (the system keeps the first 15 characters).</summary>
    public static string[] Of(string prefix)
    {
        if (!Directory.Exists("/proc/self/task")) return [];
        return [.. Directory.GetDirectories("/proc/self/task").Select(Name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Checks that none is left. A joined thread has ended for .NET a moment before the system takes it off its list.</summary>
    public static void AreGone(string prefix) => Within.Until(() => Of(prefix).Length == 0, $"the end of the threads '{prefix}'");

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).Trim();
        }
        catch (IOException)
        {
            return "";   // it has ended meanwhile
        }
    }
}
