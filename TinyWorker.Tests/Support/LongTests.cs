using System.Globalization;
using NUnit.Framework.Internal;

[assembly: Parallelizable(ParallelScope.Fixtures)]

namespace TinyWorker.Tests.Support;

/// <summary>
/// Which tests run when. Fixtures run in parallel, as many at once as there are processors. <c>[NonParallelizable]</c> marks a fixture or a
/// test that needs the process for itself: it measures time, memory, threads, processes or handles, starves the pool, or changes state that
/// all tests share (the environment, the console, the listeners of the library's meter and activity source).
/// </summary>
/// <remarks>
/// Tests of the category <see cref="Category"/> take a long time. <c>./test.sh</c> leaves them out, <c>./test.sh --all</c> runs them. Each
/// has a shorter case that <c>./test.sh</c> runs.
/// </remarks>
internal static class LongTests
{
    public const string Category = "Long";

    /// <summary>The factor for the counts of the long leak tests: TINYWORKER_LEAK_FACTOR, or 1.</summary>
    public static int LeakFactor { get; } =
        int.Parse(Environment.GetEnvironmentVariable("TINYWORKER_LEAK_FACTOR") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>Debug: every test checks the invariants of the core at every lock, and CI measures the coverage. Both take time.</summary>
#if DEBUG
    public static bool IsDebug => true;
#else
    public static bool IsDebug => false;
#endif
}

/// <summary>
/// Cases that need the process for themselves. <c>[NonParallelizable]</c> at a test with cases has no effect on the cases.
/// </summary>
internal static class NonParallelCases
{
    public static IEnumerable<TestCaseData> Booleans => [NonParallel(true), NonParallel(false)];

    public static IEnumerable<TestCaseData> Listeners => [NonParallel("TinyWorker"), NonParallel("somebody else's")];

    private static TestCaseData NonParallel(object argument)
    {
        var test = new TestCaseData(argument);
        test.Properties.Set(PropertyNames.ParallelScope, ParallelScope.None);
        return test;
    }
}
