using System.Diagnostics;

namespace TinyWorker.Tests.Processes;

[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildOutputTests
{
    [Test]
    public async Task Child_ThatPrints_IsHeardByLineOnBothStreamsTheLastWithoutAnEndToo()
    {
        await using var child = await Child.StartAsync(EntryPoints.Print, "one\ntwo\r\n\nfour");
        await child.Exit();
        Assert.That(child.Output, Is.EqualTo(new[] { "one", "two", "", "four" }));
        Assert.That(child.Errors, Is.EqualTo(child.Output));
    }

    [Test]
    public async Task Child_ThatPrintsGarbage_IsHeardAllTheSame()
    {
        // A byte order mark of UTF-16, broken UTF-8, control characters.
        await using var child = await Child.StartAsync(EntryPoints.Print, "\u00FF\u00FEa\n\u00C3\n\u0001\u001B[0m\u0080b\nend");
        await child.Exit();
        Assert.That(child.Output, Is.EqualTo(new[] { "\uFFFD\uFFFDa", "\uFFFD", "\u0001\u001B[0m\uFFFDb", "end" }));
    }

    [TestCase("en_US.ISO-8859-1")]
    [TestCase("en_US.UTF-8")]
    [TestCase("C")]
    public async Task Child_WithALocaleOfAnotherEncoding_IsHeardAllTheSame(string locale)
    {
        await using var child = await Child.StartAsync(EntryPoints.PrintText, with: start => start with
        {
            Environment = new Dictionary<string, string?> { [EntryPoints.Variable] = "Grüße, 5 €", ["LC_ALL"] = locale },
        });
        await child.Exit();
        Assert.That(child.Output, Is.EqualTo(new[] { "Grüße, 5 €" }));
        Assert.That(child.Errors, Is.EqualTo(child.Output));
    }

    [Test]
    public async Task Child_ThatPrintsAnEndlessLine_IsHeardInPieces()
    {
        var line = new string('x', 100_000);
        await using var child = await Child.StartAsync(EntryPoints.Print, line + "\nend");
        await child.Exit();
        Assert.That(child.Output, Has.Count.InRange(5, 100));
        Assert.That(string.Concat(child.Output), Is.EqualTo(line + "end"));
        Assert.That(child.Output.Last(), Is.EqualTo("end"));
    }

    [Test]
    public async Task Child_WhoseLinesNobodyCanTake_IsNotHeldUp()
    {
        await using var child = await Child.StartAsync(
            EntryPoints.Print, new string('\n', 100_000),
            start => start with { OnOutputLine = _ => throw new InvalidOperationException("a logger's own") });
        Assert.That((await child.Exit()).Code, Is.Zero);
        Assert.That(child.Errors, Has.Count.EqualTo(100_000));
    }

    [Test]
    public async Task Child_WhoseLinesSomebodyNeverTakes_HasEndedAllTheSame()
    {
        using var gate = new ManualResetEventSlim();
        Action<string> wait = _ => Within.Wait(gate);
        await using (var child = await Child.StartAsync(EntryPoints.Print, "one\ntwo", start => start with { OnOutputLine = wait }))
            Assert.That((await child.Exit()).Code, Is.Zero);
        gate.Set();
    }

    [Test]
    public async Task Child_ThatReadsItsInput_FindsTheEndThere()
    {
        await using var child = await Child.StartAsync(EntryPoints.ReadInput);
        Assert.That(await child.Told(), Is.Empty);
        Assert.That((await child.Exit()).Code, Is.Zero);
    }

    [Test]
    public async Task Child_WhoseOutputSomebodyElseHoldsOpen_HasEndedAllTheSame()
    {
        // It has a session of its own and no mark of its descent: the end of the child does not end it.
        await using var child = await Child.StartAsync(EntryPoints.StartSleeper, EntryPoints.Stranger);
        var sleeper = await child.ToldNumber();
        try
        {
            ProcessTable.Kill(child.Process.ProcessId, "KILL");
            Assert.That((await child.Exit()).Signal, Is.EqualTo("SIGKILL"));
            await child.DisposeAsync();
            Assert.That(ProcessTable.IsAlive(sleeper), "the one that held it open");
        }
        finally
        {
            using var process = Process.GetProcessById(sleeper);
            process.Kill();
        }
    }
}
