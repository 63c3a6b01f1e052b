namespace TinyWorker.Tests.Leaks;

/// <summary>
/// What a process holds before and after many troupes, and many tasks. Each test runs in a process of its own: no other test disturbs it.
/// For more troupes and tasks, at 20 times as many it takes minutes:
/// <code>
/// TINYWORKER_LEAK_FACTOR=20 dotnet test -c Release --filter "FullyQualifiedName~LeakTests"
/// </code>
/// </summary>
[Platform("Linux", Reason = "What a process holds is seen in /proc.")]
internal sealed class LeakTests
{
    private const long HeapAllowed = 1 << 20;   // a hundred bytes for each of ten thousand troupes

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    [TestCase("threads", 200)]
    [TestCase("pool", 200)]
    [TestCase("inline", 200)]
    [TestCase("processes", 3)]
    [TestCase("threads", 10_000, Category = LongTests.Category)]
    [TestCase("pool", 10_000, Category = LongTests.Category)]
    [TestCase("inline", 10_000, Category = LongTests.Category)]
    [TestCase("processes", 20, Category = LongTests.Category)]
    public Task Troupes_ThatHaveComeAndGone_LeaveNothing(string backend, int troupes) => Check("troupes", backend, troupes);

    [TestCase("threads", 100_000)]
    [TestCase("pool", 100_000)]
    [TestCase("inline", 50_000)]
    [TestCase("processes", 10_000)]
    [TestCase("threads", 5_000_000, Category = LongTests.Category)]
    [TestCase("pool", 4_000_000, Category = LongTests.Category)]
    [TestCase("inline", 900_000, Category = LongTests.Category)]
    [TestCase("processes", 100_000, Category = LongTests.Category)]
    public Task Tasks_ThatHaveEnded_LeaveNothing(string backend, int tasks) => Check("tasks", backend, tasks);

    private static async Task Check(string what, string backend, int cases)
    {
        var count = cases * LongTests.LeakFactor;
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
            Assert.That(after.Timers, Is.LessThanOrEqualTo(what == "troupes" ? 0 : LeakRun.Workers), "timers: one for each living worker");
            Assert.That(after.Registrations, Is.Zero, "registrations on the token");
            Assert.That(after.Heap - before.Heap, Is.LessThan(HeapAllowed), "bytes on the heap");
        }
    }
}
