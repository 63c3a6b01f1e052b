namespace TinyWorker.Tests.Support;

[NonParallelizable]   // its dump stops the whole process
internal sealed class WithinTests
{
    [Test]
    public void Deadline_Passed_ListsTheStackOfEveryManagedThread()
    {
        using var gate = new ManualResetEventSlim();
        using var never = new ManualResetEventSlim();
        var blocked = new Thread(() => BlocksHere(gate)) { IsBackground = true, Name = "blocked" };
        blocked.Start();
        Within.Until(() => IsBlocked(blocked), "a thread to block");

        var late = Assert.Throws<AssertionException>(() => Within.Wait(never, "a gate that nobody opens", TimeSpan.FromMilliseconds(20)));

        gate.Set();
        Assert.That(blocked.Join(Within.Deadline), Is.True);
        Assert.That(late!.Message, Does.Contain("a gate that nobody opens was not done within"));
        Assert.That(late.Message, Does.Contain(nameof(BlocksHere)).And.Contain(nameof(Deadline_Passed_ListsTheStackOfEveryManagedThread)));
        if (OperatingSystem.IsLinux()) Assert.That(late.Message, Does.Contain("'blocked'"));
    }

    [Test]
    public void Stacks_OfManyThreadsThatDoTheSame_AreListedOnce()
    {
        using var gate = new ManualResetEventSlim();
        var blocked = Enumerable.Range(0, 5)
            .Select(i => new Thread(() => BlocksHere(gate)) { IsBackground = true, Name = "same " + i }).ToArray();
        foreach (var thread in blocked) thread.Start();
        Within.Until(() => Array.TrueForAll(blocked, IsBlocked), "the threads to block");

        var stacks = ThreadStacks.Take();

        gate.Set();
        foreach (var thread in blocked) Assert.That(thread.Join(Within.Deadline), Is.True);
        Assert.That(stacks.Split(nameof(BlocksHere)), Has.Length.EqualTo(2), stacks);
        var dumps = Directory.GetFiles(Path.GetTempPath(), $"tinyworker-stacks-{Environment.ProcessId}-*");
        Assert.That(dumps, Is.Empty, "the dump is deleted");
    }

    private static bool IsBlocked(Thread thread) => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0;

    // Waits on the handle, because the gate spins before it blocks, and its stack changes meanwhile.
    private static void BlocksHere(ManualResetEventSlim gate) => gate.WaitHandle.WaitOne(Within.Deadline);
}
