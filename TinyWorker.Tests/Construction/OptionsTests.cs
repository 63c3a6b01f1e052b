namespace TinyWorker.Tests.Construction;

internal sealed class OptionsTests
{
    private const string TroupeName = "badopt";

    [TestCaseSource(nameof(Bad))]
    public void Constructor_WithABadOption_NamesItBeforeAnythingStarts(TinyTroupeOptions options, string option)
    {
        var made = 0;

        var thrown = Assert.Throws<ArgumentOutOfRangeException>(() => new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new Worker();
            },
            options));

        Assert.That(thrown!.Message, Does.Contain($"{options.GetType().Name}.{option} must"));
        Assert.That(thrown.ParamName, Is.EqualTo("options"));
        Assert.That(made, Is.Zero);
        Assert.That(Threads.Of(TroupeName), Is.Empty);
    }

    [TestCaseSource(nameof(Good))]
    public void Constructor_WithAnOptionAtItsLimit_Works(TinyTroupeOptions options)
    {
        using var troupe = new TinyTroupe<int, int>(x => x, options);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
    }

    private static IEnumerable<TestCaseData> Bad()
    {
        TimeSpan below = TimeSpan.FromTicks(-1), tooLong = TimeSpan.FromDays(50);
        return
        [
            Case(new ThreadTroupeOptions { Name = "" }, "Name", "empty"),
            Case(new PoolTroupeOptions { Name = " \t" }, "Name", "blank"),
            Case(new TinyTroupeOptions { Name = TroupeName, Workers = 0 }, "Workers", "0"),
            Case(new InlineTroupeOptions { Name = TroupeName, Workers = -1 }, "Workers", "-1"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Capacity = 0 }, "Capacity", "0"),
            Case(new PoolTroupeOptions { Name = TroupeName, Capacity = -1 }, "Capacity", "-1"),
            Case(new TinyTroupeOptions { Name = TroupeName, Capacity = int.MaxValue }, "Capacity", "too many"),
            Case(new ThreadTroupeOptions { Name = TroupeName, TaskTimeout = TimeSpan.Zero }, "TaskTimeout", "0"),
            Case(new PoolTroupeOptions { Name = TroupeName, TaskTimeout = below }, "TaskTimeout", "below 0"),
            Case(new TinyTroupeOptions { Name = TroupeName, TaskTimeout = tooLong }, "TaskTimeout", "too long"),
            Case(new ThreadTroupeOptions { Name = TroupeName, CancellationGrace = below }, "CancellationGrace", "below 0"),
            Case(new InlineTroupeOptions { Name = TroupeName, CancellationGrace = tooLong }, "CancellationGrace", "too long"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxAttempts = 0 }, "MaxAttempts", "0"),
            Case(new PoolTroupeOptions { Name = TroupeName, MaxAttempts = -1 }, "MaxAttempts", "-1"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxTasksPerWorker = 0 }, "MaxTasksPerWorker", "0"),
            Case(new PoolTroupeOptions { Name = TroupeName, MaxTasksPerWorker = -1 }, "MaxTasksPerWorker", "-1"),
            Case(new TinyTroupeOptions { Name = TroupeName, TimeProvider = null! }, "TimeProvider", "null"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = 0 }, "MaxStackSize", "0"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = -1 }, "MaxStackSize", "-1"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Priority = (ThreadPriority)5 }, "Priority", "above the highest"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Priority = (ThreadPriority)(-1) }, "Priority", "below the lowest"),
            Case(new ProcessTroupeOptions { Name = TroupeName, MaxWorkerMemory = 0 }, "MaxWorkerMemory", "0"),
            Case(new ProcessTroupeOptions { Name = TroupeName, StartTimeout = TimeSpan.Zero }, "StartTimeout", "0"),
            Case(new ProcessTroupeOptions { Name = TroupeName, WorkingDirectory = "/there/is/no/such/folder" }, "WorkingDirectory", "not there"),
        ];

        static TestCaseData Case(TinyTroupeOptions options, string option, string value) =>
            new TestCaseData(options, option).SetArgDisplayNames(options.GetType().Name, option, value);
    }

    private static IEnumerable<TestCaseData> Good() =>
    [
        new TestCaseData(new TinyTroupeOptions { Workers = 1, Capacity = 1, MaxTasksPerWorker = 1, MaxAttempts = 1 }).SetArgDisplayNames("ones"),
        new TestCaseData(new TinyTroupeOptions { Workers = 1, Capacity = (1 << 30) - 1, MaxTasksPerWorker = int.MaxValue }).SetArgDisplayNames("many"),
        new TestCaseData(new TinyTroupeOptions { Workers = 1, TaskTimeout = Timeout.InfiniteTimeSpan, CancellationGrace = Timeout.InfiniteTimeSpan })
            .SetArgDisplayNames("infinite times"),
        new TestCaseData(new TinyTroupeOptions { Workers = 1, TaskTimeout = TimeSpan.FromDays(49), CancellationGrace = TimeSpan.Zero }).SetArgDisplayNames("49 days"),
        new TestCaseData(new ThreadTroupeOptions { Workers = 1, MaxStackSize = 256 * 1024, Priority = ThreadPriority.Lowest }).SetArgDisplayNames("a small stack"),
    ];

    private sealed class Worker : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
