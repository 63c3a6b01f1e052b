using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TinyWorker.Platform;

/// <summary>What every Unix has, by its POSIX functions.</summary>
[UnsupportedOSPlatform("windows")]
internal class UnixSystem : HostSystem
{
    protected const int Kill = 9;

    private const int ToRead = 4;
    private const int SignalBase = 128;   // .NET reports 128 + n, as a shell does

    // The user's own folder is the last one: it may be on a share, which holds no sockets.
    public override IReadOnlyList<string> OtherTempPaths =>
    [
        "/tmp",
        .. Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? new[] { own } : [],
        "/dev/shm",
        "/var/tmp",
        .. Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? new[] { home } : [],
    ];

    /// <summary>The signals whose numbers are the same everywhere.</summary>
    protected virtual IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>();

    public override bool IsOutOfFiles(int error) => error is 23 or 24;   // ENFILE, EMFILE

    public override bool IsOutOfProcesses(int error) => error is 11 or 12 or 35;   // EAGAIN, ENOMEM; EAGAIN of macOS

    // The folder is made with the mode: at no time can others enter it. Its name is a secret, so nobody can have made it before.
    public override void MakePrivateFolder(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public override string? SignalName(int exitCode) => (exitCode - SignalBase) switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        Kill => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        var number => OwnSignals.GetValueOrDefault(number),
    };

    public override bool LeadOwnGroup() => setpgid(0, 0) == 0;

    // If the process leads no group, or the group is empty, nothing happens.
    public override void KillGroup(int leader) => SendSignal(-leader, Kill);

    public override void KillSelf()
    {
        KillGroup(Environment.ProcessId);   // by its own number: if it leads no group, nothing happens
        base.KillSelf();
    }

    // .NET copies the environment at its start and never writes it back: https://github.com/dotnet/coreclr/issues/15812
    public override unsafe void SetNativeVariable(string name, string? value)
    {
        // Not an array as an argument: for that, each start of a child would compile code.
        fixed (byte* text = Text(name))
        {
            if (value is null) _ = unsetenv(text);
            else _ = setenv(text, Text(value), overwrite: 1);
        }
    }

    public override RuntimeFiles? RuntimeFilesOf(int processId, string? folder) => new(folder, processId, RuntimeFiles.AnyStart);

    protected static void SendSignal(int processId, int signal) => _ = kill(processId, signal);

    protected static bool MayRead(string path) => access(Text(path), ToRead) == 0;

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    // The runtime finds "libc" by itself, all arguments are blittable, and the names are C's.
#pragma warning disable CA5392, SYSLIB1054, IDE1006, SA1300
    [DllImport("libc")]
    private static extern int setpgid(int processId, int groupId);

    [DllImport("libc")]
    private static extern int kill(int processId, int signal);

    [DllImport("libc")]
    private static extern int access(byte[] path, int mode);

    [DllImport("libc")]
    private static extern unsafe int setenv(byte* name, byte[] value, int overwrite);

    [DllImport("libc")]
    private static extern unsafe int unsetenv(byte* name);
#pragma warning restore CA5392, SYSLIB1054, IDE1006, SA1300
}
