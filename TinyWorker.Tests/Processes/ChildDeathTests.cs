using System.Net.Sockets;

namespace TinyWorker.Tests.Processes;

[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildDeathTests
{
    [TestCase("return", 5, null, null)]
    [TestCase("exit", 3, null, null)]
    [TestCase("throw", 134, "SIGABRT", "on purpose")]
    [TestCase("fail-fast", 134, "SIGABRT", "on purpose")]
    [TestCase("overflow", 134, "SIGABRT", "Stack overflow")]
    [TestCase("9", 137, "SIGKILL", null)]
    [TestCase("native fault", 139, "SIGSEGV", null)]
    public async Task Child_ThatDies_TellsHowAndClosesItsConnections(string how, int code, string? signal, string? lastWords)
    {
        await using var child = await Child.StartAsync(EntryPoints.Die, how);
        var end = await Within.Time(ReadToTheEnd(child.Process.Data), "the end of the data");
        var exit = await child.Exit();
        Assert.That(end, Is.Zero);
        Assert.That((exit.Code, exit.Signal), Is.EqualTo((code, signal)));
        Assert.That(exit.LastErrors, Has.Member("about to die").Or.Count.EqualTo(20));
        Assert.That(exit.Report, lastWords is null ? Is.Null : Is.Not.Null);
        if (lastWords is not null) Assert.That(exit.LastErrors, Has.Some.Contains(lastWords));
        else Assert.That(child.Errors.TakeLast(20), Is.EqualTo(exit.LastErrors));
        Assert.That(child.Errors.TakeLast(20), Is.EqualTo(child.Process.LastErrors));
    }

    [Test]
    public async Task Child_ThatHasClosedItsConnectionsItself_ReturnsAllTheSame()
    {
        await using var child = await Child.StartAsync(EntryPoints.CloseAndReturn);
        Assert.That((await child.Exit()).ToString(), Is.EqualTo("exit code 6"));
    }

    [Test]
    public async Task Child_ThatIsKilledFromOutside_TellsTheSignal()
    {
        await using var child = await Child.StartAsync(EntryPoints.Busy);
        ProcessTable.Kill(child.Process.ProcessId, "KILL");
        Assert.That((await child.Exit()).ToString(), Is.EqualTo("exit code 137, SIGKILL"));
    }

    private static async Task<int> ReadToTheEnd(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[10]);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
