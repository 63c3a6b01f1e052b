using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TinyWorker.Backends.Processes.Launching.Systems;

/// <summary>Linux's own signal numbers, and its cheap ways to a process's memory and children.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxSystem : UnixSystem
{
    private const int Stop = 19;
    private const int PreferHugePages = 14;           // MADV_HUGEPAGE
    private const int HugePage = 2 * 1024 * 1024;     // bytes; where they are larger, the advice is rounded to them or ignored

    protected override IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>
    {
        [7] = "SIGBUS",
        [10] = "SIGUSR1",
        [12] = "SIGUSR2",
        [16] = "SIGSTKFLT",
        [31] = "SIGSYS",
    };

    // .NET looks for descendants among all processes of the machine, by the parent of each: 15 ms where there are 80, and it grows.
    // Like .NET, this stops each one before it asks for its children: who cannot run makes no more of them.
    public override void KillTree(Process process)
    {
        if (process.HasExited) return;
        if (!File.Exists($"/proc/{process.Id}/task/{process.Id}/children"))
        {
            base.KillTree(process);   // a kernel without it, or it has ended just now
            return;
        }

        Signal(process.Id, Stop);
        KillDescendantsOf(process.Id);
        process.Kill();
    }

    public override void KillDescendants() => KillDescendantsOf(Environment.ProcessId);

    // Again, until there is nobody new: one that was not yet there when it was looked for was started by one that was.
    public override void KillMarked(string variable, string value)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{variable}={value}\0");
        var killed = new HashSet<int>();
        bool isNew;
        do
        {
            isNew = false;
            foreach (var process in Processes().Where(process => process != Environment.ProcessId && Holds(process, mark)))
            {
                Signal(process, Kill);
                isNew |= killed.Add(process);
            }
        }
        while (isNew);
    }

    // A container can share the folder with another, in which the same number is another process's: so not without the moment of its start.
    public override RuntimeFiles? RuntimeFilesOf(int processId, string? folder)
    {
        try
        {
            // "pid (name) state ppid ..., starttime", the twenty-second; the name can have anything in it.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return new RuntimeFiles(folder, processId, stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // over already: it had no time to make them
        }
    }

    private static void KillDescendantsOf(int processId)
    {
        List<int> tree = [processId];
        for (var i = 0; i < tree.Count; i++)
        {
            foreach (var child in ChildrenOf(tree[i]))
            {
                Signal(child, Stop);
                tree.Add(child);
            }
        }

        foreach (var descendant in tree.Skip(1)) Signal(descendant, Kill);
    }

    private static List<int> Processes()
    {
        List<int> processes = [];
        try
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
                if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) processes.Add(id);
        }
        catch (IOException)
        {
            // This process has opened all the files it may.
        }

        return processes;
    }

    // The environment that a process was started with, each variable with a zero behind it; nothing of one that has ended. It is asked first
    // whether it may be read: most are other users', and an exception for each of those would take a hundred times as long.
    private static bool Holds(int processId, ReadOnlySpan<byte> mark)
    {
        var file = $"/proc/{processId}/environ";
        if (!MayRead(file)) return false;
        try
        {
            var environment = File.ReadAllBytes(file).AsSpan();
            return environment.IndexOf(mark) >= 0 || environment.StartsWith(mark[1..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;   // it has just ended
        }
    }

    // Each thread has the children that it has started itself.
    private static List<int> ChildrenOf(int processId)
    {
        List<int> children = [];
        try
        {
            foreach (var thread in Directory.GetDirectories($"/proc/{processId}/task"))
            {
                var text = File.ReadAllText(Path.Combine(thread, "children"));
                children.AddRange(text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or belongs to somebody else.
        }

        return children;
    }

    // A page fault for every 4 KiB takes longer than to copy them: three times as long, here. Only pages that lie wholly inside are asked for, so
    // that no more memory is used. Where the kernel has none it says so, or nothing: it is advice.
    public override unsafe void ExpectToFill(Span<byte> memory)
    {
        fixed (byte* start = memory)
        {
            var from = ((nuint)start + HugePage - 1) & ~(nuint)(HugePage - 1);
            var to = ((nuint)start + (nuint)memory.Length) & ~(nuint)(HugePage - 1);
            if (from < to) _ = madvise(from, to - from, PreferHugePages);
        }
    }

    // "total resident shared ...", in pages. Process.WorkingSet64 reads and parses six times as much.
    public override long ResidentBytes(int processId)
    {
        using var file = File.OpenHandle($"/proc/{processId}/statm");
        Span<byte> text = stackalloc byte[128];
        text = text[..RandomAccess.Read(file, text, 0)];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(text, out long pages, out _) ? pages * Environment.SystemPageSize : 0;   // nothing is there when it has ended just now
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006, SA1300 // As in the base class.
    [DllImport("libc")]
    private static extern int madvise(nuint start, nuint length, int advice);
#pragma warning restore CA5392, SYSLIB1054, IDE1006, SA1300
}
