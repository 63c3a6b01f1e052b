using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Runtime;

namespace TinyWorker.Tests.Support;

/// <summary>
/// The stacks of all managed threads of this process. A process cannot read its own stacks while it runs. So the runtime's createdump
/// writes a small dump (stacks, no heap: about 10 MB, within a second). The dump is read and deleted.
/// </summary>
internal static class ThreadStacks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lock OneAtATime = new();

    private static readonly string DataAccessLibrary = Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(),
        OperatingSystem.IsWindows() ? "mscordaccore.dll" : OperatingSystem.IsMacOS() ? "libmscordaccore.dylib" : "libmscordaccore.so");

    /// <summary>
    /// The stacks, equal ones together, or the reason why there are none. Never throws, because it makes the message of a failure.
    /// </summary>
    public static string Take()
    {
        // On a thread of its own, because the pool may be starved and the caller must not hang.
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
        var text = new StringBuilder().Append("The stacks could not be read: ").AppendLine(why);
        foreach (ProcessThread thread in Process.GetCurrentProcess().Threads)
            text.Append(thread.Id).Append(' ').Append(Name((uint)thread.Id)).Append(' ').Append(thread.ThreadState).AppendLine();
        return text.ToString();
    }

    private static string Read(string file)
    {
        using var target = DataTarget.LoadDump(file);
        // The dump is of this process, so the library beside this runtime can read it. The small dump names no version to compare.
        using var runtime = target.ClrVersions[0].CreateRuntime(DataAccessLibrary, ignoreMismatch: true);
        var text = new StringBuilder();
        var stacks = runtime.Threads.Where(thread => thread.IsAlive).GroupBy(Frames, Title);
        // The stacks with code of this library come first. The many threads of the test platform seldom matter.
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
        var frames = thread.EnumerateStackTrace().Take(100)
            .Where(frame => frame.Method is not null).Select(frame => "    at " + frame.Method!.Signature);
        return string.Join(Environment.NewLine, frames) is { Length: > 0 } some ? some : "    (no managed frames)";
    }

    private static string Name(uint id)
    {
        var file = $"/proc/self/task/{id}/comm";
        return File.Exists(file) ? File.ReadAllText(file).Trim() : "";
    }
}
