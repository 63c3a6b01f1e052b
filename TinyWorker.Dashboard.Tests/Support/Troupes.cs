using System.Reflection;

namespace TinyWorker.Dashboard.Tests.Support;

internal static class Troupes
{
    private static int s_last;

    /// <summary>A name that no other test's troupe has.</summary>
    public static string Name(string what) => $"{what} {Interlocked.Increment(ref s_last)} of {TestContext.CurrentContext.Test.Name}"[..];

    public static TinyTroupe<int, int> Pool(string name, int workers = 1) =>
        new(async (int x, CancellationToken _) => await ValueTask.FromResult(x), new PoolTroupeOptions { Name = name, Workers = workers });

    /// <summary>Whether somebody watches it. The core tells nobody but its own tests, so this looks inside.</summary>
    public static bool IsWatched<TIn, TOut>(TinyTroupe<TIn, TOut> troupe)
    {
        var inside = Get(troupe, "Inside");
        return Get(Get(inside!, "Core")!, "Sampling") is not null;
    }

    private static object? Get(object of, string property)
    {
        var found = of.GetType().GetProperty(property, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            ?? throw new AssertionException($"{of.GetType().Name} has no property {property} any more.");
        return found.GetValue(of);
    }
}
