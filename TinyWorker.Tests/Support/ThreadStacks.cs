using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Runtime;

namespace TinyWorker.Tests.Support;

/// <summary>
/// What every managed thread of this process is doing. A process cannot be walked while it runs, least of all by itself: so the runtime's
/// own createdump writes a small dump (stacks, no heap: some 10 MB, within a second), which is read back and deleted.
/// </summary>
internal static class ThreadStacks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lock OneAtATime = new();

    /// <summary>The stacks, equal ones together; or why there are none. Never throws: it is for the message of a failure.</summary>
    public static string Take()
    {
        // On a thread of its own: the pool may be starved, and whoever asks must not hang on the answer.
        var text = "";
        var thread = new Thread(() => text = TakeHere()) { IsBackground = true, Name = "stacks" };
        thread.Start();
        return thread.Join(Patience) ? text : Without($"not within {Patience}");
    }

    private static string TakeHere()
    {
        var file = Path.Combine(Path.GetTempPath(), $"tinyworker-stacks-{Environment.ProcessId}-{Guid.NewGuid():N}.dmp");
        try
        {
            lock (OneAtATime)
            {
                new DiagnosticsClient(Environment.ProcessId).WriteDump(DumpType.Normal, file, WriteDumpFlags.None);
                return Read(file);
            }
        }
        catch (Exception e)
        {
            return Without(e.ToString());   // another system, a container that forbids it, a full disk
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Without(string why)
    {
        var text = new StringBuilder().Append("The stacks could not be had: ").AppendLine(why);
        foreach (ProcessThread thread in Process.GetCurrentProcess().Threads)
            text.Append(thread.Id).Append(' ').Append(Name((uint)thread.Id)).Append(' ').Append(thread.ThreadState).AppendLine();
        return text.ToString();
    }

    private static string Read(string file)
    {
        using var target = DataTarget.LoadDump(file);
        using var runtime = target.ClrVersions[0].CreateRuntime();
        var text = new StringBuilder();
        var stacks = runtime.Threads.Where(thread => thread.IsAlive).GroupBy(Frames, Title);
        // Ours first: the many threads of the test platform are there only because one never knows.
        foreach (var threads in stacks.OrderBy(threads => !threads.Key.Contains(nameof(TinyWorker), StringComparison.Ordinal)))
        {
            text.AppendLine(string.Join(", ", threads)).AppendLine(threads.Key);
        }

        return text.ToString();
    }

    private static string Title(ClrThread thread) =>
        $"Thread {thread.OSThreadId.ToString(CultureInfo.InvariantCulture)} '{Name(thread.OSThreadId)}'";

    private static string Frames(ClrThread thread)
    {
        var frames = thread.EnumerateStackTrace().Take(100).Where(frame => frame.Method is not null).Select(frame => "    at " + frame.Method!.Signature);
        return string.Join(Environment.NewLine, frames) is { Length: > 0 } some ? some : "    (no managed frames)";
    }

    private static string Name(uint id)
    {
        var file = $"/proc/self/task/{id}/comm";
        return File.Exists(file) ? File.ReadAllText(file).Trim() : "";
    }
}
