namespace TinyWorker.Tests.Support;

internal sealed class WithinTests
{
    [Test]
    public void Deadline_Passed_TellsTheStackOfEveryManagedThread()
    {
        using var gate = new ManualResetEventSlim();
        using var never = new ManualResetEventSlim();
        var blocked = new Thread(() => BlocksHere(gate)) { IsBackground = true, Name = "the culprit" };
        blocked.Start();
        Within.Until(() => (blocked.ThreadState & ThreadState.WaitSleepJoin) != 0, "a thread to block");

        var late = Assert.Throws<AssertionException>(() => Within.Wait(never, "a gate that nobody opens", TimeSpan.FromMilliseconds(20)));

        gate.Set();
        Assert.That(blocked.Join(Within.Deadline), Is.True);
        Assert.That(late!.Message, Does.Contain("a gate that nobody opens was not done within"));
        Assert.That(late.Message, Does.Contain(nameof(BlocksHere)).And.Contain(nameof(Deadline_Passed_TellsTheStackOfEveryManagedThread)));
        if (OperatingSystem.IsLinux()) Assert.That(late.Message, Does.Contain("'the culprit'"));
    }

    [Test]
    public void Stacks_OfManyThreadsThatDoTheSame_AreToldOnce()
    {
        using var gate = new ManualResetEventSlim();
        var blocked = Enumerable.Range(0, 5).Select(i => new Thread(() => BlocksHere(gate)) { IsBackground = true, Name = "same " + i }).ToArray();
        foreach (var thread in blocked) thread.Start();
        Within.Until(() => Array.TrueForAll(blocked, thread => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0), "the threads to block");

        var stacks = ThreadStacks.Take();

        gate.Set();
        foreach (var thread in blocked) Assert.That(thread.Join(Within.Deadline), Is.True);
        Assert.That(stacks.Split(nameof(BlocksHere)), Has.Length.EqualTo(2), stacks);
        Assert.That(Directory.GetFiles(Path.GetTempPath(), $"tinyworker-stacks-{Environment.ProcessId}-*"), Is.Empty, "the dump is gone");
    }

    // On the handle: the gate itself spins before it blocks, now here, now there.
    private static void BlocksHere(ManualResetEventSlim gate) => gate.WaitHandle.WaitOne(Within.Deadline);
}
