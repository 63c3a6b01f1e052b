namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Tests of the scheduler itself. It must find the bug of each toy in <see cref="BrokenToys"/>, must replay the failure from its seed, and
/// must find nothing in the toy's correct twin.
/// </summary>
[NonParallelizable]
internal sealed class ExplorationTests
{
    private const int Schedules = 3_000;   // as many as a program of the core gets

    private static IEnumerable<TestCaseData> Toys =>
    [
        Toy("AGateThatLosesAWakeUp", BrokenToys.GateThatLosesAWakeUp),
        Toy("AFutureThatForgetsADependent", BrokenToys.FutureThatForgetsADependent),
        Toy("AGateThatKeepsThePlaceOfAWithdrawnTicket", BrokenToys.GateThatKeepsThePlaceOfAWithdrawnTicket),
        Toy("ASerialQueueThatLeavesAnItem", BrokenToys.SerialQueueThatLeavesAnItem),
    ];

    [TestCaseSource(nameof(Toys))]
    public void Exploration_OfABrokenToy_FindsTheBugAndReplaysItFromItsSeed(Action<bool> toy)
    {
        Action<ProgramRun> broken = _ => toy(true), correct = _ => toy(false);

        var found = new Exploration(broken, onPool: false).Run(1, Schedules);

        Assert.That(found, Is.Not.Null, "no schedule has found the bug");
        var (seed, failure) = found!.Value;
        TestContext.Out.WriteLine($"TINYWORKER_SEED={seed}{Environment.NewLine}{failure}");
        Assert.That(new Exploration(broken, onPool: false).Run(seed, 1), Is.EqualTo(found), "the same seed once more");
        Assert.That(new Exploration(correct, onPool: false).Run(seed, 1), Is.Null, "the same seed without the bug");
        Assert.That(new Exploration(correct, onPool: false).Run(1, Schedules), Is.Null, "all schedules without the bug");
    }

    private static TestCaseData Toy(string name, Action<bool> toy) =>
        new TestCaseData(toy).SetName($"Exploration_Of{name}_FindsTheBugAndReplaysItFromItsSeed");
}
