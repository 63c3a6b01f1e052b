using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Runs the concurrent core under many schedules (see <see cref="Scheduler"/>), in Debug only.
/// A failure names its seed. The first line replays it; the second runs more schedules than usual:
/// <code>
/// TINYWORKER_SEED=1234 dotnet test -c Debug --filter "Name~AbortDuringADrain"
/// TINYWORKER_SCHEDULES=1000000 dotnet test -c Debug --filter "FullyQualifiedName~Schedules"
/// </code>
/// </summary>
[NonParallelizable]   // the processors: it uses all of them
[Category(LongTests.Category)]
internal sealed class ScheduleTests
{
    private const int DefaultSchedules = 3_000;   // many times what a planted fault takes: see docs/testing.md

    private static IEnumerable<TestCaseData> AllPrograms =>
        from program in typeof(Programs).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
        from onPool in new[] { false, true }
        select new TestCaseData(program.CreateDelegate<Action<ProgramRun>>(), onPool)
            .SetName($"Core_UnderManySchedulesOf{program.Name}_KeepsItsGuarantees{(onPool ? "OnThePool" : "OnThreads")}");

    [TestCaseSource(nameof(AllPrograms))]
    public void Core_UnderManySchedules_KeepsItsGuarantees(Action<ProgramRun> program, bool onPool)
    {
        var clock = Stopwatch.StartNew();
        var exploration = new Exploration(program, onPool);
        var (first, count) = Setting("TINYWORKER_SEED") is { } seed ? (seed, 1) : (1, Setting("TINYWORKER_SCHEDULES") ?? DefaultSchedules);

        var found = exploration.Run(first, count);

        if (found is { } bug) Assert.Fail($"TINYWORKER_SEED={bug.Seed}{Environment.NewLine}{bug.Failure}");
        TestContext.Out.WriteLine(
            $"{count} schedules, {(double)exploration.Steps / count:F0} steps each, {clock.Elapsed.TotalSeconds:F1} s");
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
