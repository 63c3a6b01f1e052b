namespace TinyWorker.Tests.Leaks;

/// <summary>What is held before and after many troupes, and many tasks, each in a process of its own, which no other test disturbs.</summary>
[NonParallelizable]
[Platform("Linux", Reason = "What a process holds is seen in /proc.")]
internal sealed class LeakTests
{
    private const long HeapAllowed = 1 << 20;   // a hundred bytes for each of ten thousand troupes, a tenth of one for each of ten million tasks

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    [TestCase("threads", 10_000)]
    [TestCase("pool", 10_000)]
    [TestCase("inline", 10_000)]
    [TestCase("processes", 20)]
    [TestCase("processes", 200, Explicit = true, Reason = "Minutes.")]
    public Task Troupes_ThatHaveComeAndGone_LeaveNothing(string backend, int troupes) => Check("troupes", backend, troupes);

    [TestCase("threads", 5_000_000)]
    [TestCase("pool", 4_000_000)]
    [TestCase("inline", 900_000)]
    [TestCase("processes", 100_000)]
    [TestCase("threads", 100_000_000, Explicit = true, Reason = "Minutes.")]
    public Task Tasks_ThatHaveEnded_LeaveNothing(string backend, int tasks) => Check("tasks", backend, tasks);

    private static async Task Check(string what, string backend, int count)
    {
        var (exitCode, output, errors) = await OwnProcess.RunAsync(
            Deadline, LeakRun.Name, what, backend, count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.That((exitCode, errors), Is.EqualTo((0, "")), output);
        TestContext.Out.WriteLine(output);
        var lines = output.Split(Environment.NewLine);
        var (before, after) = (Holdings.FromJson(lines[0]), Holdings.FromJson(lines[1]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after.Threads, Is.LessThanOrEqualTo(before.Threads), "threads");
            Assert.That(after.PoolThreads, Is.LessThanOrEqualTo(Math.Max(1, before.PoolThreads)), "threads of the pool");
            Assert.That(after.Handles, Is.LessThanOrEqualTo(before.Handles), "handles");
            Assert.That(after.Children, Is.LessThanOrEqualTo(before.Children), "children");
            Assert.That(after.Timers, Is.LessThanOrEqualTo(what == "troupes" ? 0 : LeakRun.Workers), "timers: none, or one for each worker of the living troupe");
            Assert.That(after.Registrations, Is.Zero, "registrations on the token");
            Assert.That(after.Heap - before.Heap, Is.LessThan(HeapAllowed), "bytes on the heap");
        }
    }
}
