using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using TinyWorker.Platform;

namespace TinyWorker.Tests.Processes;

/// <summary>What can be tried of other systems on this one: tables, and what every system has.</summary>
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
#pragma warning disable CA1416 // What is called here works on every system.
internal sealed class HostSystemTests
{
    [TestCase(1, "SIGHUP")]
    [TestCase(2, "SIGINT")]
    [TestCase(3, "SIGQUIT")]
    [TestCase(4, "SIGILL")]
    [TestCase(5, "SIGTRAP")]
    [TestCase(6, "SIGABRT")]
    [TestCase(8, "SIGFPE")]
    [TestCase(9, "SIGKILL")]
    [TestCase(11, "SIGSEGV")]
    [TestCase(13, "SIGPIPE")]
    [TestCase(14, "SIGALRM")]
    [TestCase(15, "SIGTERM")]
    [TestCase(24, "SIGXCPU")]
    [TestCase(25, "SIGXFSZ")]
    [TestCase(0, null)]
    [TestCase(-128, null)]
    [TestCase(100, null)]
    public void SignalName_OfASignalThatAllHave_IsThatOfSignalH(int signal, string? name) =>
        Assert.That(
            new HostSystem[] { new LinuxSystem(), new MacSystem(), new UnixSystem(), new WindowsSystem() }
                .Select(system => system.SignalName(128 + signal)),
            Is.EqualTo(new[] { name, name, name, null }));

    [TestCase(7, "SIGBUS", null)]
    [TestCase(10, "SIGUSR1", "SIGBUS")]
    [TestCase(12, "SIGUSR2", "SIGSYS")]
    [TestCase(30, null, "SIGUSR1")]
    [TestCase(31, "SIGSYS", "SIGUSR2")]
    public void SignalName_OfASignalThatIsAnotherElsewhere_IsTheSystems(int signal, string? linux, string? mac) =>
        Assert.That((new LinuxSystem().SignalName(128 + signal), new MacSystem().SignalName(128 + signal)), Is.EqualTo((linux, mac)));

    [Test]
    public void Process_ByWhatEverySystemHas_TellsItsMemoryAndEndsWithItsChildren()
    {
        var system = new UnixSystem();
        string[] command = ["-c", "sleep 1000 & echo $!; wait"];
        using var shell = Process.Start(new ProcessStartInfo("sh", command) { RedirectStandardOutput = true })!;
        try
        {
            var sleeper = int.Parse(shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
            Assert.That(system.ResidentBytes(shell.Id), Is.InRange(100L << 10, 100L << 20));
            system.KillTree(shell);
            Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of its child");
            Within.Until(() => shell.HasExited, "its end");
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }
    }

    [Test]
    public void Files_OfARuntime_AreRemovedWithoutTheMomentOfItsStartToo()
    {
        var folder = Directory.CreateTempSubdirectory("tinyworker-files-");
        string[] own = ["dotnet-diagnostic-17-4711-socket", "clr-debug-pipe-17-4711-in", "clr-debug-pipe-17-4711-out"];
        string[] others = ["dotnet-diagnostic-171-4711-socket", "clr-debug-pipe-1-17-in", "17"];
        foreach (var name in own.Concat(others)) File.WriteAllText(Path.Combine(folder.FullName, name), "");
        new UnixSystem().RuntimeFilesOf(17, folder.FullName)!.Remove();
        Assert.That(folder.GetFiles().Select(file => file.Name), Is.EquivalentTo(others));
        folder.Delete(recursive: true);
    }

    [Test]
    public void Files_OfARuntimeThatIsGone_AreNone() => Assert.That(new LinuxSystem().RuntimeFilesOf(int.MaxValue, null), Is.Null);

    [Test]
    public void LargeArray_ThatHasArrived_MayLieInHugePages()
    {
        var array = Travel.Through(new byte[16 << 20]);

        var pinned = GCHandle.Alloc(array, GCHandleType.Pinned);
        var flags = FlagsOfMapping(pinned.AddrOfPinnedObject() + (array.Length / 2));
        pinned.Free();
        Assert.That(flags.Contains("hg"), Is.EqualTo(File.Exists("/sys/kernel/mm/transparent_hugepage/enabled")), "a kernel may have none");
    }

    [Test]
    public void System_WithoutGroups_HasNone()
    {
        var system = new WindowsSystem();
        Assert.That(
            (system.LeadOwnGroup(), system.OtherTempPaths.Count, system.RuntimeFilesOf(Environment.ProcessId, null)),
            Is.EqualTo((false, 0, (RuntimeFiles?)null)));
        system.KillGroup(Environment.ProcessId);   // does nothing, or this process would be killed
        var folder = Path.Combine(Path.GetTempPath(), $"tinyworker-{Guid.NewGuid():N}");
        system.MakePrivateFolder(folder);
        Directory.Delete(folder);
    }

    // "from-to ..." begins a mapping, and "VmFlags: rd wr ..." ends it.
    private static string[] FlagsOfMapping(nint address)
    {
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var range = line.Split(' ')[0].Split('-');
            if (range.Length == 2)
                isInside = nint.Parse(range[0], NumberStyles.HexNumber, null) <= address
                    && address < nint.Parse(range[1], NumberStyles.HexNumber, null);
            else if (isInside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
                return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        }

        throw new InvalidOperationException($"Nothing is mapped at {address:x}.");
    }
}
