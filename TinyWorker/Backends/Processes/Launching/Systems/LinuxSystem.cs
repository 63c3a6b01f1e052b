using System.Buffers.Text;
using System.Runtime.Versioning;

namespace TinyWorker.Backends.Processes.Launching.Systems;

/// <summary>Linux's own signal numbers, and its cheap way to a process's memory.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxSystem : UnixSystem
{
    protected override IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>
    {
        [7] = "SIGBUS",
        [10] = "SIGUSR1",
        [12] = "SIGUSR2",
        [16] = "SIGSTKFLT",
        [31] = "SIGSYS",
    };

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

    // "total resident shared ...", in pages. Process.WorkingSet64 reads and parses six times as much.
    public override long ResidentBytes(int processId)
    {
        using var file = File.OpenHandle($"/proc/{processId}/statm");
        Span<byte> text = stackalloc byte[128];
        text = text[..RandomAccess.Read(file, text, 0)];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(text, out long pages, out _) ? pages * Environment.SystemPageSize : 0;
    }
}
