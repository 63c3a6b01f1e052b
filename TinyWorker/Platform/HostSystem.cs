using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace TinyWorker.Platform;

/// <summary>
/// What differs between operating systems. The members of this class work on all of them; a subclass replaces what its system does better.
/// </summary>
/// <remarks>The tests run on Linux. HostSystemTests also try what the other subclasses do without their systems.</remarks>
internal abstract class HostSystem
{
    public static HostSystem Current { get; } =
        OperatingSystem.IsLinux() ? new LinuxSystem()
        : OperatingSystem.IsMacOS() ? new MacSystem()
        : OperatingSystem.IsWindows() ? new WindowsSystem()
        : new UnixSystem();

    /// <summary>
    /// Folders with short paths where a socket may be made if the temporary folder cannot hold one: it is full, may not be written to, or
    /// has a long path. Not all of them need be there.
    /// </summary>
    public virtual IReadOnlyList<string> OtherTempPaths => [];

    /// <summary>Whether this error of the system says that this process, or the system, can open no more files.</summary>
    public virtual bool IsOutOfFiles(int error) => false;

    /// <summary>Whether this error of the system says that it gives no more processes, threads or memory.</summary>
    public virtual bool IsOutOfProcesses(int error) => false;

    /// <summary>Makes a new folder that only this user may enter.</summary>
    public virtual void MakePrivateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>
    /// The signal that ended a process, from the exit code that .NET reports; null if no signal ended it, or it is not known.
    /// </summary>
    public virtual string? SignalName(int exitCode) => null;

    /// <summary>The whole command line of this process, with what was for the .NET host; empty if the system does not tell.</summary>
    public virtual IReadOnlyList<string> OwnArguments() => [];

    /// <summary>
    /// Puts this process into a group of its own, to which its children will belong, too. Signals to the parent's group (Ctrl-C) no longer
    /// reach it, and its children can be killed when it is gone. False if the system has no such groups.
    /// </summary>
    public virtual bool LeadOwnGroup() => false;

    /// <summary>Kills a process and all of its descendants that can be found. May throw if some end meanwhile.</summary>
    public virtual void KillTree(Process process) => process.Kill(entireProcessTree: true);

    /// <summary>Kills every process of the group that the process leads or has led. Never throws.</summary>
    public virtual void KillGroup(int leader)
    {
    }

    /// <summary>Kills the descendants of this process that can be found, but not this process. Never throws.</summary>
    public virtual void KillDescendants()
    {
    }

    /// <summary>
    /// Kills every other process of this user that was started with a variable whose value begins like this in its environment. Never
    /// throws. Does nothing if the system shows no process the environment of another.
    /// </summary>
    public virtual void KillMarked(string variable, string beginning)
    {
    }

    /// <summary>Kills this process at once, with the group that it leads.</summary>
    public virtual void KillSelf()
    {
        // No coverage shows it: the process is killed before it can report.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>Sets a variable in the environment that native code sees, if that differs from .NET's; null removes it.</summary>
    public virtual void SetNativeVariable(string name, string? value)
    {
    }

    /// <summary>
    /// The files that the runtime of a process leaves behind if it is killed; null if there are none. To be called while the process runs.
    /// </summary>
    /// <param name="processId">Of a .NET process.</param>
    /// <param name="folder">The folder for the temporary files of the process; null for the system's default.</param>
    public virtual RuntimeFiles? RuntimeFilesOf(int processId, string? folder) => null;

    /// <summary>
    /// The open files of this process that a process which it starts inherits, although nobody gives them to it: those that native code, or
    /// whoever started this process, has opened without saying that they are not to be inherited (close-on-exec). Empty if they cannot be
    /// found.
    /// </summary>
    public virtual IReadOnlyList<string> InheritableFiles() => [];

    /// <summary>Closes those of these files that this process has inherited. What it has opened itself stays open. Never throws.</summary>
    /// <param name="files">What <see cref="InheritableFiles"/> gave in the process that started this one.</param>
    public virtual void CloseInherited(IReadOnlyList<string> files)
    {
    }

    /// <summary>Connects to a socket of this machine.</summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public virtual LocalConnection Connect(string socketPath) => SocketConnection.To(socketPath);

    /// <summary>Whether the process at the other end of a connection belongs to the same user; true if the system does not tell.</summary>
    public virtual bool IsOfThisUser(Socket connection) => true;

    /// <summary>Whether sockets may have names that are in no folder ("abstract").</summary>
    public virtual bool HasAbstractSockets => false;

    /// <summary>
    /// Tells the system that this memory, which is still untouched, is about to be filled completely: it may provide it in large pages.
    /// </summary>
    public virtual void ExpectToFill(Span<byte> memory)
    {
    }

    /// <summary>
    /// Makes memory that another process can open by the path of its file (<see cref="PathOf"/>), while the file is open here. It is
    /// zeroed, its length cannot change, and no process inherits it. Null if the system has none, or gives none. Never throws.
    /// </summary>
    public virtual SharedMemory? MakeSharedMemory(int length, out SafeFileHandle? file)
    {
        file = null;
        return null;
    }

    /// <summary>Opens what another process has made. Null if it is not there, or has another length. Never throws.</summary>
    public virtual SharedMemory? OpenSharedMemory(string path, int length) => null;

    /// <summary>By which path other processes of this user can open a file that is open here.</summary>
    public virtual string PathOf(SafeFileHandle file) => throw new PlatformNotSupportedException();

    /// <summary>The physical memory of a running process of the same user.</summary>
    public virtual long ResidentBytes(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.WorkingSet64;
    }
}
