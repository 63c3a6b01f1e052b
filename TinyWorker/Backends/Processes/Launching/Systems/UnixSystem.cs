using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace TinyWorker.Backends.Processes.Launching.Systems;

/// <summary>What every Unix has, called by its POSIX name.</summary>
[UnsupportedOSPlatform("windows")]
internal class UnixSystem : HostSystem
{
    protected const int Kill = 9;

    private const int ToRead = 4;
    private const int SignalBase = 128;   // .NET reports 128 + n, as a shell does

    public override string? ShortTempPath => "/tmp";

    /// <summary>The signals whose numbers are the same everywhere.</summary>
    protected virtual IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>();

    // mkdir with the mode: at no moment does the folder stand open. Its name is a secret, so nobody can have made it before.
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

    // To a process that leads no group, or whose group is empty: nothing happens.
    public override void KillGroup(int leader) => Signal(-leader, Kill);

    public override void KillSelf()
    {
        KillGroup(Environment.ProcessId);   // by its number: it leads no other group than its own, and perhaps none
        base.KillSelf();
    }

    // .NET copies the environment at its start and never writes it back: https://github.com/dotnet/coreclr/issues/15812
    public override void SetNativeVariable(string name, string? value)
    {
        if (value is null) _ = unsetenv(Text(name));
        else _ = setenv(Text(name), Text(value), overwrite: 1);
    }

    public override RuntimeFiles? RuntimeFilesOf(int processId, string? folder) => new(folder, processId, RuntimeFiles.AnyStart);

    protected static void Signal(int processId, int signal) => _ = kill(processId, signal);

    protected static bool MayRead(string path) => access(Text(path), ToRead) == 0;

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    // The runtime itself knows where "libc" is; everything here is blittable; the names are C's.
#pragma warning disable CA5392, SYSLIB1054, IDE1006, SA1300
    [DllImport("libc")]
    private static extern int setpgid(int processId, int groupId);

    [DllImport("libc")]
    private static extern int kill(int processId, int signal);

    [DllImport("libc")]
    private static extern int access(byte[] path, int mode);

    [DllImport("libc")]
    private static extern int setenv(byte[] name, byte[] value, int overwrite);

    [DllImport("libc")]
    private static extern int unsetenv(byte[] name);
#pragma warning restore CA5392, SYSLIB1054, IDE1006, SA1300
}
