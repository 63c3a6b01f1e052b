namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Maps that are much longer than what is in flight: the memory does not grow with them.</summary>
[NonParallelizable]
public sealed class LongMapTests
{
    private const int FaultyEach = 500;

    [TestCase(5_000)]
    [TestCase(100_000, Category = "Long")]
    public async Task Map_OfManyItems_HasEveryResultInOrderAndConstantMemory(int count)
    {
        await using var run = await StartAsync();
        var memory = new MemoryCurve(count);
        var next = 0;
        await foreach (var result in run.Submitter.MapAsync(Enumerable.Range(0, count).Select(number => new Job(number))))
        {
            if (result != new Job(next).Expected) Assert.Fail($"item {next} has the result {result}");
            memory.Look(++next);
        }

        Assert.That(next, Is.EqualTo(count));
        memory.IsFlat();
        run.NothingRanTwice();
        Assert.That(run.Ledger.Count(RunEvent.Ended), Is.EqualTo(count));
    }

    [TestCase(5_000)]
    [TestCase(100_000, Category = "Long")]
    public async Task Outcomes_OfManyItems_HaveEachFaultAtItsItemAndConstantMemory(int count)
    {
        await using var run = await StartAsync();
        var memory = new MemoryCurve(count);
        var next = 0;
        var jobs = Enumerable.Range(0, count)
            .Select(number => new Job(number, 0, number % FaultyEach == 0 ? JobKind.Faulty : JobKind.Plain));
        await foreach (var outcome in run.Submitter.MapOutcomesAsync(jobs))
        {
            var isRight = outcome.Index == next && outcome.Input.Number == next && (next % FaultyEach == 0
                ? outcome.Exception is InvalidOperationException fault && fault.Message == $"Job {next} is faulty."
                : outcome.IsSuccess && outcome.Value == new Job(next).Expected);
            if (!isRight) Assert.Fail($"item {next} has the outcome {outcome}");
            memory.Look(++next);
        }

        Assert.That(next, Is.EqualTo(count));
        memory.IsFlat();
        run.NothingRanTwice();
    }

    private static async Task<FailureRun> StartAsync()
    {
        var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await Within.Time(run.Submitter.WhenReadyAsync(), "the submitter");
        return run;
    }

    // The memory that is in use after a fifth of the items, and at the end.
    private sealed class MemoryCurve(int count)
    {
        private long _early;
        private long _late;

        public void Look(int done)
        {
            if (done == count / 5) _early = GC.GetTotalMemory(forceFullCollection: true);
            if (done == count) _late = GC.GetTotalMemory(forceFullCollection: true);
        }

        // 80,000 items that each left 100 bytes would be 8 MB.
        public void IsFlat() => Assert.That(_late - _early, Is.LessThan(6_000_000), $"bytes more than {_early}");
    }
}
