using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>Functions in another process, where strings have other hash codes and no code has run before.</summary>
internal sealed class OtherProcessTests
{
    private FunctionChild _child = null!;

    [OneTimeSetUp]
    public void Start() => _child = new();

    [OneTimeTearDown]
    public void Stop() => _child.Dispose();

    [Test]
    public void Function_InAnotherProcess_IsThere()
    {
        Assert.That(_child.Call(_ => $"{Environment.ProcessId}", ""), Is.EqualTo($"{_child.Id}"));
        Assert.That(_child.Call(Upper, "a"), Is.EqualTo("A"));
        Assert.That(_child.Call("a".Then, "b"), Is.EqualTo("ab"));
        Assert.That(_child.Call(new Prefix("x").Add, "b"), Is.EqualTo("xb"));
    }

    [Test]
    public void Closure_InAnotherProcess_HasItsVariables()
    {
        var set = new HashSet<string>(["one", "two"], StringComparer.OrdinalIgnoreCase);
        var dictionary = new Dictionary<(string, int), Prefix> { [("a", 1)] = new("p") };
        var regex = new Regex("^T", RegexOptions.IgnoreCase);
        var anonymous = new { Name = "n", Sizes = new[] { 1.5, double.NaN } };
        IReadOnlyList<string> names = ["c"];
        var type = typeof(List<Prefix>);
        var calls = 0;
        string Local(string x) => set.Contains(x) + names[0] + ++calls;
        Func<string, string> later = x => Local(x) + dictionary[("a", 1)].Add(x);

        foreach (var time in new[] { 1, 2 })
        {
            // Each call describes the function again, from variables that have not changed here.
            var said = _child.Call(
                x => $"{later(x)} {regex.IsMatch(x)} {anonymous.Name} {anonymous.Sizes[1]} {type == typeof(List<Prefix>)} {time}", "TWO");
            Assert.That(said, Is.EqualTo($"Truec1pTWO True n NaN True {time}"));
        }

        Assert.That(calls, Is.Zero);
    }

    [Test]
    public void GenericsAndAsyncLambdas_InAnotherProcess_Work()
    {
        Assert.That(_child.Call(Generic<Prefix>.Make([new Prefix("q")]), "r"), Is.EqualTo("Prefix Int32 1 r"));
        Func<string, Task<string>> asynchronous = async x =>
        {
            await Task.Yield();
            return x + x;
        };
        Assert.That(_child.Call(x => asynchronous(x).Result, "s"), Is.EqualTo("ss"));
    }

    [Test]
    public void Exception_OfTheFunction_IsThrownThere() =>
        Assert.That(_child.Call(x => throw new FormatException("no " + x), "t"), Is.EqualTo("ERROR no t"));

    private static string Upper(string x) => x.ToUpperInvariant();

    internal sealed record Prefix(string Text)
    {
        public string Add(string x) => Text + x;
    }

    private static class Generic<T>
    {
        public static Func<string, string> Make(T[] items) => Make(items, 1);

        private static Func<string, string> Make<TOther>(T[] items, TOther other) =>
            x => $"{typeof(T).Name} {other!.GetType().Name} {items.Length} {x}";
    }
}
