using System.Diagnostics;

namespace TinyWorker.Backends.Processes.Launching.Systems;

/// <summary>What differs between operating systems. What is here works on each of them; a system does better where it can.</summary>
/// <remarks>The tests run on Linux; of the others they try what needs no other system (HostSystemTests).</remarks>
internal abstract class HostSystem
{
    public static HostSystem Current { get; } =
        OperatingSystem.IsLinux() ? new LinuxSystem()
        : OperatingSystem.IsMacOS() ? new MacSystem()
        : OperatingSystem.IsWindows() ? new WindowsSystem()
        : new UnixSystem();

    /// <summary>A folder with a short path, for when the one for temporary files has too long a path for a socket; null if there is none.</summary>
    public virtual string? ShortTempPath => null;

    /// <summary>Makes a folder that nobody else may look into, and that was not there before.</summary>
    public virtual void MakePrivateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>The signal that ended a process, from its exit code as .NET tells it.</summary>
    public virtual string? SignalName(int exitCode) => null;

    /// <summary>
    /// Puts this process into a group of its own, in which its children will be too: what is meant for the parent's group (Ctrl-C) does
    /// not reach it, and its children can be ended when it is gone. False if the system has no such groups.
    /// </summary>
    public virtual bool LeadOwnGroup() => false;

    /// <summary>Ends a process and all its descendants, as far as they can be found. It may throw when some have ended meanwhile.</summary>
    public virtual void KillTree(Process process) => process.Kill(entireProcessTree: true);

    /// <summary>Ends every process of the group that the process leads or has led. Never throws.</summary>
    public virtual void KillGroup(int leader)
    {
    }

    /// <summary>Ends the descendants of this process, as far as they can be found, but not itself. Never throws.</summary>
    public virtual void KillDescendants()
    {
    }

    /// <summary>
    /// Ends every other process of this user that was started with this variable in its environment. Never throws. Does nothing where no
    /// process can see another's environment.
    /// </summary>
    public virtual void KillMarked(string variable, string value)
    {
    }

    /// <summary>Ends this process there and then, with the group that it leads.</summary>
    public virtual void KillSelf()
    {
        // Nothing tells coverage of it: it is the end.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>Sets a variable in the environment that native code sees, where that is another one than .NET's; null removes it.</summary>
    public virtual void SetNativeVariable(string name, string? value)
    {
    }

    /// <summary>
    /// What the runtime of a process leaves behind if it is killed; null if that is nothing. To be asked for while the process is there.
    /// </summary>
    /// <param name="processId">Of a .NET process.</param>
    /// <param name="folder">Where the process has its temporary files; null for the system's own place.</param>
    public virtual RuntimeFiles? RuntimeFilesOf(int processId, string? folder) => null;

    /// <summary>Says that this memory, as yet untouched, is about to be filled from end to end: the system may then give it in large pieces.</summary>
    public virtual void ExpectToFill(Span<byte> memory)
    {
    }

    /// <summary>The physical memory of a running process of the same user.</summary>
    public virtual long ResidentBytes(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.WorkingSet64;
    }
}
