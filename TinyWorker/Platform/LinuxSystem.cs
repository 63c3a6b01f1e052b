using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace TinyWorker.Platform;

/// <summary>Linux's own signal numbers, and its cheap ways to read a process's memory and children.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxSystem : UnixSystem
{
    private const int Stop = 19;
    private const int GetFlags = 1;        // F_GETFD
    private const int CloseOnExec = 1;     // FD_CLOEXEC
    private const int LastStandard = 2;    // stdin, stdout and stderr are given to each process
    private const string Deleted = " (deleted)";
    private const int PreferHugePages = 14;           // MADV_HUGEPAGE
    private const int AddSeals = 1033;         // F_ADD_SEALS
    private const int NoMoreSeals = 1;         // F_SEAL_SEAL
    private const int NoOtherLength = 2 + 4;   // F_SEAL_SHRINK, F_SEAL_GROW
    private const int ReadAndWrite = 1 + 2;    // PROT_READ, PROT_WRITE
    private const int Shared = 1;              // MAP_SHARED
    private const uint MemoryFlags = 1 + 2;    // MFD_CLOEXEC, MFD_ALLOW_SEALING
    private const uint NeverCode = 8;          // MFD_NOEXEC_SEAL
    private const int HugePage = 2 * 1024 * 1024;     // bytes; a system with larger pages rounds or ignores the advice

    protected override IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>
    {
        [7] = "SIGBUS",
        [10] = "SIGUSR1",
        [12] = "SIGUSR2",
        [16] = "SIGSTKFLT",
        [31] = "SIGSYS",
    };

    // .NET looks for descendants among all processes of the machine: 15 ms with 80 processes, and more with more.
    // Like .NET, this stops each process before it reads its children: a stopped process starts no more.
    public override void KillTree(Process process)
    {
        if (process.HasExited) return;
        if (!File.Exists($"/proc/{process.Id}/task/{process.Id}/children"))
        {
            base.KillTree(process);   // the kernel has no such file, or the process has just ended
            return;
        }

        SendSignal(process.Id, Stop);
        KillDescendantsOf(process.Id);
        process.Kill();
    }

    public override void KillDescendants() => KillDescendantsOf(Environment.ProcessId);

    // Repeats until it finds no new process: one that it missed was started by one that it found.
    public override void KillMarked(string variable, string beginning)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{variable}={beginning}");
        var killed = new HashSet<int>();
        bool isNew;
        do
        {
            isNew = false;
            foreach (var process in Processes().Where(process => process != Environment.ProcessId && Holds(process, mark)))
            {
                KillWithFiles(process);
                isNew |= killed.Add(process);
            }
        }
        while (isNew);
    }

    // Containers can share the folder, and have processes of the same number: the time of the start tells them apart.
    public override RuntimeFiles? RuntimeFilesOf(int processId, string? folder)
    {
        try
        {
            // "pid (name) state ppid ...": the twenty-second field is the start time. The name can contain anything.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return new RuntimeFiles(folder, processId, stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // it has ended already, before it made any
        }
    }

    public override IReadOnlyList<string> OwnArguments()
    {
        try
        {
            return File.ReadAllText("/proc/self/cmdline").Split('\0')[..^1];   // each ends with a zero
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Each as "number target". .NET itself opens all of its files close-on-exec.
    public override IReadOnlyList<string> InheritableFiles()
    {
        var files = new List<string>();
        try
        {
            foreach (var link in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
            {
                if (!int.TryParse(Path.GetFileName(link), CultureInfo.InvariantCulture, out var file) || !IsInheritable(file)) continue;
                if (Target(file) is { } target) files.Add($"{file} {target}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No more files can be opened here, or there is no /proc: the start of the process will tell, or nothing can be found.
        }

        return files;
    }

    // A file is closed only if it is what the parent had under the same number, and is itself inheritable: native code that was loaded
    // into this process before (a profiler) may have opened files of its own.
    public override void CloseInherited(IReadOnlyList<string> files)
    {
        foreach (var text in files)
        {
            var end = text.IndexOf(' ', StringComparison.Ordinal);
            if (end < 0 || !int.TryParse(text.AsSpan(0, end), CultureInfo.InvariantCulture, out var file) || !IsInheritable(file)) continue;
            var target = text[(end + 1)..];
            if (Target(file) is { } own && (own == target || own == target + Deleted)) _ = close(file);
        }
    }

    public override LocalConnection Connect(string socketPath) => LinuxConnection.To(socketPath);

    public override bool HasAbstractSockets => true;

    public override bool IsOfThisUser(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[LinuxConnection.CredentialsSize];
        var length = connection.GetRawSocketOption(LinuxConnection.SocketLevel, LinuxConnection.PeerCredentials, credentials);
        return LinuxConnection.AreOfThisUser(credentials[..length]);
    }

    private static bool IsInheritable(int file) =>
        file > LastStandard && fcntl(file, GetFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0;

    private static string? Target(int file)
    {
        try
        {
            return new FileInfo($"/proc/self/fd/{file}").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // closed meanwhile
        }
    }

    private void KillDescendantsOf(int processId)
    {
        List<int> tree = [processId];
        for (var i = 0; i < tree.Count; i++)
        {
            foreach (var child in ChildrenOf(tree[i]))
            {
                SendSignal(child, Stop);
                tree.Add(child);
            }
        }

        foreach (var descendant in tree.Skip(1)) KillWithFiles(descendant);
    }

    // Many of them are .NET processes: nobody else would remove what their runtimes leave behind.
    private void KillWithFiles(int processId)
    {
        var files = RuntimeFilesOf(processId, TempFolderOf(processId));
        SendSignal(processId, Kill);
        files?.Remove();
    }

    private static string? TempFolderOf(int processId)
    {
        const string Variable = "TMPDIR=";
        try
        {
            var variables = File.ReadAllText($"/proc/{processId}/environ").Split('\0');
            return Array.Find(variables, variable => variable.StartsWith(Variable, StringComparison.Ordinal))?[Variable.Length..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // it has just ended, or belongs to another user
        }
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
            // This process can open no more files.
        }

        return processes;
    }

    // The file has the environment that a process was started with, with a zero after each variable. Most processes are other users', whose
    // files cannot be read: MayRead is a hundred times as fast as an exception.
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

    // Each thread has a list of the children that it has started.
    private static List<int> ChildrenOf(int processId)
    {
        List<int> children = [];
        try
        {
            foreach (var thread in Directory.GetDirectories($"/proc/{processId}/task"))
            {
                var text = File.ReadAllText(Path.Combine(thread, "children"));
                var ids = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                children.AddRange(ids.Select(id => int.Parse(id, CultureInfo.InvariantCulture)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or belongs to another user.
        }

        return children;
    }

    // A page fault for every 4 KiB takes three times as long as copying them. Only pages that lie completely inside are requested: so no
    // more memory is used. A kernel without large pages ignores the advice, or returns an error.
    public override unsafe void ExpectToFill(Span<byte> memory)
    {
        fixed (byte* start = memory)
        {
            var from = ((nuint)start + HugePage - 1) & ~(nuint)(HugePage - 1);
            var to = ((nuint)start + (nuint)memory.Length) & ~(nuint)(HugePage - 1);
            if (from < to) _ = madvise(from, to - from, PreferHugePages);
        }
    }

    // The seals: if the other process made the file shorter, an access here would end this process.
    public override SharedMemory? MakeSharedMemory(int length, out SafeFileHandle? file)
    {
        file = null;
        try
        {
            var made = MakeMemoryFile();
            if (made < 0) return null;
            file = new SafeFileHandle(made, ownsHandle: true);
            if (ftruncate(made, length) == 0 && fcntl(made, AddSeals, NoMoreSeals + NoOtherLength) == 0
                && Map(file, length) is { } memory)
                return memory;
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library.
        }

        file?.Dispose();
        file = null;
        return null;
    }

    public override SharedMemory? OpenSharedMemory(string path, int length)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return RandomAccess.GetLength(file) == length ? Map(file, length) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    public override string PathOf(SafeFileHandle file) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.DangerousGetHandle()}");

    private static unsafe int MakeMemoryFile()
    {
        fixed (byte* name = "tinyworker\0"u8)
        {
            // A system may demand the flag. Before Linux 6.3 there is none.
            var file = memfd_create(name, MemoryFlags | NeverCode);
            return file >= 0 ? file : memfd_create(name, MemoryFlags);
        }
    }

    private static SharedMemory? Map(SafeFileHandle file, int length)
    {
        var start = mmap(0, (nuint)length, ReadAndWrite, Shared, (int)file.DangerousGetHandle(), 0);
        return start == -1 ? null : new SharedMemory(start, length, static (start, length) => _ = munmap(start, (nuint)length));
    }

    // "total resident shared ...", in pages. Process.WorkingSet64 reads and parses six times as much.
    public override long ResidentBytes(int processId)
    {
        using var file = File.OpenHandle($"/proc/{processId}/statm");
        Span<byte> text = stackalloc byte[128];
        text = text[..RandomAccess.Read(file, text, 0)];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(text, out long pages, out _) ? pages * Environment.SystemPageSize : 0;   // empty: it has just ended
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006, SA1300 // As in the base class.
    [DllImport("libc")]
    private static extern int madvise(nuint start, nuint length, int advice);

    [DllImport("libc")]
    private static extern int fcntl(int file, int command);

    [DllImport("libc")]
    private static extern int fcntl(int file, int command, int argument);

    [DllImport("libc")]
    private static extern unsafe int memfd_create(byte* name, uint flags);

    [DllImport("libc")]
    private static extern int ftruncate(int file, nint length);

    [DllImport("libc")]
    private static extern nint mmap(nint start, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int munmap(nint start, nuint length);

    [DllImport("libc")]
    private static extern int close(int file);
#pragma warning restore CA5392, SYSLIB1054, IDE1006, SA1300
}
