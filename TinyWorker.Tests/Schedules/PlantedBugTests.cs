using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Schedules;

/// <summary>Tests of the tester: what it must find, and that a seed brings it back.</summary>
[NonParallelizable]
internal sealed class PlantedBugTests
{
    private const int Schedules = 10_000;   // as many as a program gets

    private static IEnumerable<TestCaseData> Bugs =>
    [
        Bug(PlantedBug.LostWakeUp, Programs.TwoSubmittersAtAFullGate),
        Bug(PlantedBug.ForgottenDependent, Programs.DependentsOfATaskThatCompletes),
        Bug(PlantedBug.KeptSlot, Programs.CancelledWaitsAtAFullGate),
    ];

    [TestCaseSource(nameof(Bugs))]
    public void Exploration_OfACoreWithAPlantedBug_FindsItAndItsSeedBringsItBack(PlantedBug bug, Action<ProgramRun> program)
    {
        var found = new Exploration(program, onPool: false, bug).Run(1, Schedules);

        Assert.That(found, Is.Not.Null, $"no schedule has found {bug}");
        var (seed, failure) = found!.Value;
        TestContext.Out.WriteLine($"TINYWORKER_SEED={seed}{Environment.NewLine}{failure}");
        Assert.That(new Exploration(program, onPool: false, bug).Run(seed, 1), Is.EqualTo(found), "the same seed once more");
        Assert.That(new Exploration(program, onPool: false).Run(seed, 1), Is.Null, "the same seed without the bug");
    }

    private static TestCaseData Bug(PlantedBug bug, Action<ProgramRun> program) =>
        new TestCaseData(bug, program).SetName($"Exploration_OfACoreWithA{bug}_FindsItAndItsSeedBringsItBack");
}
