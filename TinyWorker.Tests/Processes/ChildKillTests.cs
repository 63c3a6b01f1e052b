using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]   // the files and threads of this process
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildKillTests
{
    [Test]
    public async Task Kill_OfABusyChildWithChildrenOfItsOwn_EndsThemAll()
    {
        await using var child = await Child.StartAsync(EntryPoints.StartSleeper, "sleep");
        var sleeper = await child.ToldNumber();
        Assert.That(ProcessTable.IsAlive(sleeper));
        child.Process.Kill();
        child.Process.Kill();
        Assert.That((await child.Exit()).Signal, Is.EqualTo("SIGKILL"));
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
        child.Process.Kill();
    }

    [TestCase("sleep")]
    [TestCase("setsid")]
    public async Task Dispose_OfAChildWithChildrenOfItsOwn_EndsThemAllThoughTheyHaveASessionOfTheirOwn(string starter)
    {
        var child = await Child.StartAsync(EntryPoints.StartSleeper, starter);
        var sleeper = await child.ToldNumber();
        await child.DisposeAsync();
        Assert.That(ProcessTable.IsAlive(child.Process.ProcessId), Is.False);
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
    }

    [TestCase("sleep")]
    [TestCase("setsid")]
    [TestCase(EntryPoints.Daemon)]
    public async Task Child_ThatDiesByItself_TakesItsOwnChildrenWithItThoughTheyHaveASessionOfTheirOwn(string starter)
    {
        var child = await Child.StartAsync(EntryPoints.StartSleeper, starter);
        var sleeper = await child.ToldNumber();
        ProcessTable.Kill(child.Process.ProcessId, "KILL");
        Assert.That((await child.Exit()).Signal, Is.EqualTo("SIGKILL"));
        await child.DisposeAsync();
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
    }

    [TestCase("sleep")]
    [TestCase("setsid")]
    [TestCase(EntryPoints.Daemon)]
    public async Task Child_ThatEndsInOrder_LeavesNoneOfItsOwnChildrenThoughTheyHaveASessionOfTheirOwn(string starter)
    {
        var child = await Child.StartAsync(EntryPoints.StartSleeper, starter);
        var sleeper = await child.ToldNumber();
        child.Process.Control.Send([1]);
        Assert.That((await child.Exit()).Code, Is.EqualTo(1));
        await child.DisposeAsync();
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
    }

    [Test]
    public async Task Child_ThatDiesByItself_TakesNobodyElsesChildrenWithIt()
    {
        await using var other = await Child.StartAsync(EntryPoints.StartSleeper, "setsid");
        var othersSleeper = await other.ToldNumber();
        using (var stranger = Process.Start("sleep", "1000"))
        {
            var child = await Child.StartAsync(EntryPoints.StartSleeper, "setsid");
            var sleeper = await child.ToldNumber();
            ProcessTable.Kill(child.Process.ProcessId, "KILL");
            await child.DisposeAsync();
            Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's own child");
            Assert.That(stranger.HasExited, Is.False);
            stranger.Kill();
            await Within.Time(stranger.WaitForExitAsync(), "the end of a stranger");
        }

        Assert.That(ProcessTable.IsAlive(othersSleeper));
        Assert.That(ProcessTable.IsAlive(other.Process.ProcessId));
    }

    // What a daemon was started by cannot be seen: it has to be told by what it inherits.
    [Test]
    public async Task Child_OfAChildThatDies_TakesItsOwnChildrenWithItToo(
        [Values("setsid", EntryPoints.Daemon)] string starter, [Values] bool isKilledByItsParent)
    {
        var child = await Child.StartAsync(EntryPoints.StartSleepyChild, starter);
        var sleeper = int.Parse(await child.Told(), CultureInfo.InvariantCulture);
        if (!isKilledByItsParent) ProcessTable.Kill(child.Process.ProcessId, "KILL");
        await child.DisposeAsync();
        Within.Until(() => !ProcessTable.IsAlive(sleeper), "the end of the child's child's own child");
    }

    [Test]
    public async Task Dispose_FromManyThreads_IsOneEnd()
    {
        var child = await Child.StartAsync(EntryPoints.Idle);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await child.DisposeAsync())));
        Assert.That((await child.Exit()).Code, Is.EqualTo(137));
        Assert.That(ProcessTable.IsAlive(child.Process.ProcessId), Is.False);
    }

    [TestCase(12)]
    [TestCase(100, Category = LongTests.Category)]
    public async Task Kills_OneAfterTheOther_LeaveNothing(int count)
    {
        var folder = Directory.CreateTempSubdirectory("tinyworker-kills-");
        await KillMany(8, folder);   // what is made only once in a process
        var files = ProcessTable.OpenHandles();
        await KillMany(count, folder);
        Assert.That(ProcessTable.Zombies(), Is.Empty);
        Assert.That(ProcessTable.Children(), Is.Empty);
        Within.Until(() => ProcessTable.OpenHandles() <= files, "the files to be closed");
        Assert.That(Directory.GetFileSystemEntries(folder.FullName), Is.Empty, "sockets of ours, and what killed runtimes leave behind");
        folder.Delete();
        Threads.AreGone("TinyWorker:");
    }

    private static async Task KillMany(int count, DirectoryInfo folder)
    {
        for (var i = 0; i < count; i += 4)
        {
            await Task.WhenAll(Enumerable.Range(i, 4).Select(async number =>
            {
                var child = await Child.StartAsync(number % 2 == 0 ? EntryPoints.Idle : EntryPoints.Busy, with: start => start with
                {
                    Environment = new Dictionary<string, string?> { ["TMPDIR"] = folder.FullName },
                });
                if (number % 3 == 0) child.Process.Kill();
                if (number % 6 == 0) Assert.That((await child.Exit()).Code, Is.EqualTo(137));
                await child.DisposeAsync();
            }));
        }
    }
}
