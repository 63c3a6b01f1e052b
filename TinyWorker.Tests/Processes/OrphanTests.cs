using System.Diagnostics;
using System.Globalization;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]   // time
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class OrphanTests
{
    [Test]
    public async Task Parent_KilledWithSigkill_LeavesNoChildASecondLater()
    {
        var folder = Directory.CreateTempSubdirectory("tinyworker-orphans-");
        await using var parent = await Child.StartAsync(EntryPoints.StartChildren, with: start => start with
        {
            Environment = new Dictionary<string, string?> { ["TMPDIR"] = folder.FullName },
        });
        var children = (await parent.Told()).Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray();
        Assert.That(children, Has.Length.EqualTo(2));
        Assert.That(children, Is.All.Matches<int>(ProcessTable.IsAlive));
        Assert.That(children, Is.All.Matches<int>(id => ProcessTable.Group(id) == id), "none ends just because the parent's group does");
        var clock = Stopwatch.StartNew();
        ProcessTable.Kill(parent.Process.ProcessId, "KILL");
        Within.Until(() => !Array.Exists(children, ProcessTable.IsAlive), "the end of the children");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
        await parent.Exit();
        Assert.That(Directory.GetFileSystemEntries(folder.FullName), Is.Empty, "what the runtimes of all three had there");
        folder.Delete();
    }

    [TestCase("return sleep")]
    [TestCase("throw sleep")]
    [TestCase("return setsid")]
    [TestCase("throw setsid")]
    [TestCase("return daemon")]
    public async Task Parent_KilledWithSigkill_LeavesNoChildOfItsChild(string howTheChildTakesIt)
    {
        await using var parent = await Child.StartAsync(EntryPoints.StartSleepyChild, howTheChildTakesIt);
        var sleeper = int.Parse(await parent.Told(), CultureInfo.InvariantCulture);
        Assert.That(ProcessTable.IsAlive(sleeper));
        ProcessTable.Kill(parent.Process.ProcessId, "KILL");
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
    }

    [Test]
    public async Task Parent_ThatIsGoneBeforeItsChildHasConnected_LeavesNeitherTheChildNorTheFolder()
    {
        using var socket = ChildListener.Open();
        socket.Listener.Dispose();   // as the system does when a process ends: the path stays
        var command = ChildCommand.ForThisProgram();
        var start = new ProcessStartInfo(command.File, command.Arguments);
        ChildEnvironment.Put(
            start.Environment, socket.SocketPath, socket.Secret, "clown", ((ChildEntryPoint)EntryPoints.Idle).Method, command.Hook);
        var (code, _, errors) = await OwnProcess.RunAsync(start, Within.Deadline);
        Assert.That(code, Is.EqualTo(1), errors);
        Assert.That(errors, Does.Contain("'clown' cannot reach the process that has started it"));
        Assert.That(Directory.Exists(Path.GetDirectoryName(socket.SocketPath)), Is.False);
    }

    [Test]
    public async Task Signals_ThatEndAProgram_EndNoChild()
    {
        await using var child = await Child.StartAsync(EntryPoints.Echo);
        Assert.That(ProcessTable.Group(child.Process.ProcessId), Is.EqualTo(child.Process.ProcessId));
        // Also where there are no groups, and the signal reaches all.
        ProcessTable.Kill(child.Process.ProcessId, "INT");
        ProcessTable.Kill(child.Process.ProcessId, "QUIT");
        ProcessTable.Kill(child.Process.ProcessId, "HUP");
        ProcessTable.Kill(child.Process.ProcessId, "TERM");   // sent to all processes of a service, whose parent then drains
        child.Process.Data.Send([1]);
        Assert.That(await Within.Time(child.Process.Data.ReceiveAsync(new byte[10])), Is.EqualTo(1));
        child.Process.Data.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.That((await child.Exit()).Code, Is.EqualTo(7));
    }
}
