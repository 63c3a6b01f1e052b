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
    public void Constructor_WithAnOptionAtItsLimit_MakesATroupe(TinyTroupeOptions options)
    {
        using var troupe = new TinyTroupe<int, int>(x => x, options);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
    }

    // A stack that is too small for the library would end the process, and this test with it.
    [Test]
    public async Task LeastStack_IsEnoughForWhatTheLibraryDoes()
    {
        await using var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Task.Yield();
                return x > 0 ? x + 1 : throw new FormatException();
            },
            new ThreadTroupeOptions { Workers = 2, MaxStackSize = 128 * 1024, TaskTimeout = TimeSpan.FromMinutes(1) });
        Assert.That(await Within.Time(troupe.Submit(troupe.Submit(1)).Then(x => x + 1).AsTask()), Is.EqualTo(4));
        Assert.That(() => Within.Time(troupe.Submit(0)), Throws.TypeOf<FormatException>());
        Assert.That(await troupe.MapAsync(Enumerable.Range(1, 1000)).CountAsync(), Is.EqualTo(1000));
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
            Case(new ProcessTroupeOptions { Name = TroupeName, FlowExecutionContext = true }, "FlowExecutionContext", "True"),
            Case(new TinyTroupeOptions { Name = TroupeName, TimeProvider = null! }, "TimeProvider", "null"),
            Case(new TinyTroupeOptions { Name = TroupeName, Workers = 65_537 }, "Workers", "one too many"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Workers = int.MaxValue }, "Workers", "far too many"),
            Case(new PoolTroupeOptions { Name = TroupeName, Workers = int.MaxValue }, "Workers", "far too many"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Workers = 4, MinWorkers = -1 }, "MinWorkers", "-1"),
            Case(new PoolTroupeOptions { Name = TroupeName, Workers = 4, MinWorkers = 5 }, "MinWorkers", "above Workers"),
            Case(new TinyTroupeOptions { Name = TroupeName, IdleTimeout = TimeSpan.Zero }, "IdleTimeout", "0"),
            Case(new InlineTroupeOptions { Name = TroupeName, IdleTimeout = below }, "IdleTimeout", "below 0"),
            Case(new ProcessTroupeOptions { Name = TroupeName, IdleTimeout = tooLong }, "IdleTimeout", "too long"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = 32 * 1024 }, "MaxStackSize", "32 KB"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = (128 * 1024) - 1 }, "MaxStackSize", "a byte too few"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = 0 }, "MaxStackSize", "0"),
            Case(new ThreadTroupeOptions { Name = TroupeName, MaxStackSize = -1 }, "MaxStackSize", "-1"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Priority = (ThreadPriority)5 }, "Priority", "above the highest"),
            Case(new ThreadTroupeOptions { Name = TroupeName, Priority = (ThreadPriority)(-1) }, "Priority", "below the lowest"),
            Case(new ProcessTroupeOptions { Name = TroupeName, MaxWorkerMemory = 0 }, "MaxWorkerMemory", "0"),
            Case(new ProcessTroupeOptions { Name = TroupeName, StartTimeout = TimeSpan.Zero }, "StartTimeout", "0"),
            Case(new ProcessTroupeOptions { Name = TroupeName, WorkingDirectory = "/no/such/folder" }, "WorkingDirectory", "not there"),
        ];

        static TestCaseData Case(TinyTroupeOptions options, string option, string value) =>
            new TestCaseData(options, option).SetArgDisplayNames(options.GetType().Name, option, value);
    }

    private static IEnumerable<TestCaseData> Good()
    {
        var infinite = Timeout.InfiniteTimeSpan;
        return
        [
            Case(new TinyTroupeOptions { Workers = 1, Capacity = 1, MaxTasksPerWorker = 1, MaxAttempts = 1 }, "ones"),
            Case(new TinyTroupeOptions { Workers = 1, Capacity = (1 << 30) - 1, MaxTasksPerWorker = int.MaxValue }, "many"),
            Case(new TinyTroupeOptions { Workers = 1, TaskTimeout = infinite, CancellationGrace = infinite }, "infinite times"),
            Case(new TinyTroupeOptions { Workers = 1, TaskTimeout = TimeSpan.FromDays(49), CancellationGrace = TimeSpan.Zero }, "49 days"),
            Case(new TinyTroupeOptions { Workers = 2, MinWorkers = 0, IdleTimeout = infinite }, "no worker at first, and none leaves"),
            Case(new TinyTroupeOptions { Workers = 2, MinWorkers = 2, IdleTimeout = TimeSpan.FromTicks(1) }, "as many as the most"),
            Case(new ThreadTroupeOptions { Workers = 1, MaxStackSize = 128 * 1024, Priority = ThreadPriority.Lowest }, "the least stack"),
        ];

        static TestCaseData Case(TinyTroupeOptions options, string name) => new TestCaseData(options).SetArgDisplayNames(name);
    }

    private sealed class Worker : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
