using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework.Interfaces;
using TinyWorker.Tests.Contract;
using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Docs;

/// <summary>Every test that docs/guarantees.md names exists, and is run by the back-ends that the page says.</summary>
internal sealed partial class GuaranteeTests
{
    private const string AllBackends = "threads, pool, inline, processes";

    private static readonly Type[] Fixtures =
        [.. typeof(GuaranteeTests).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && TestsOf(type).Any())];

    private static readonly string[][] Promises =
        [.. File.ReadAllLines(Path.Combine(RepositoryRoot.Find(), "docs", "guarantees.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line != "| Promise | Test | Back-ends |")
            .Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())];

    [Test]
    public void Guarantees_HaveSomethingToHold() => Assert.That(Promises, Has.Length.GreaterThan(80));

    [TestCaseSource(nameof(Promises))]
    public void Promise_IsHeldByTests_ThatItsBackendsRun(string promise, string tests, string backends)
    {
        Assert.That(NamesOfTests().IsMatch(tests), Is.True, $"tests, by class and name, in '{tests}'");
        var run = new HashSet<string>();
        foreach (var test in tests.Split(", "))
        {
            var (type, name) = test.Trim('`').Split('.') is [var before, var behind] ? (before, behind) : default;
            var runners = Fixtures.Where(fixture => Inherits(fixture, type!) && Runs(fixture, type!, name!)).ToArray();
            Assert.That(runners, Is.Not.Empty, $"fixtures that run {test}");
            run.UnionWith(runners.Select(BackendOf).OfType<string>());
        }

        var claimed = backends switch
        {
            "all" => AllBackends,
            "–" => "",
            _ => backends,
        };
        Assert.That(string.Join(", ", AllBackends.Split(", ").Where(run.Contains)), Is.EqualTo(claimed), promise);
    }

    private static bool Inherits(Type fixture, string type) => Ancestors(fixture).Any(ancestor => ancestor.Name == type);

    private static bool Runs(Type fixture, string type, string name) => TestsOf(fixture).Any(test =>
        test.Name == name && test.DeclaringType!.Name == type
        && !test.IsDefined(typeof(IgnoreAttribute)) && !test.IsDefined(typeof(ExplicitAttribute))
        && !fixture.IsDefined(typeof(ExplicitAttribute))
        && !(fixture.IsDefined(typeof(OtherMemoryFixtureAttribute)) && test.IsDefined(typeof(SharesMemoryAttribute))));

    private static IEnumerable<MethodInfo> TestsOf(Type fixture) =>
        fixture.GetMethods().Where(IsTest);

    private static bool IsTest(MethodInfo method) =>
        method.GetCustomAttributes().Any(attribute => attribute is ISimpleTestBuilder or ITestBuilder);

    private static IEnumerable<Type> Ancestors(Type? type)
    {
        for (; type is not null; type = type.BaseType) yield return type;
    }

    private static string? BackendOf(Type fixture) => fixture switch
    {
        _ when fixture == typeof(ThreadContract) => "threads",
        _ when fixture == typeof(PoolContract) => "pool",
        _ when fixture == typeof(InlineContract) => "inline",
        _ when fixture == typeof(LoopbackContract) => "processes",
        _ when fixture.Namespace!.StartsWith("TinyWorker.Tests.Processes", StringComparison.Ordinal) => "processes",
        _ => null,
    };

    [GeneratedRegex(@"^`\w+\.\w+`(, `\w+\.\w+`)*$")]
    private static partial Regex NamesOfTests();
}
