using System.Reflection;
using System.Text.Json;
using TinyWorker.Tests.Processes;

namespace TinyWorker.Tests.Leaks;

/// <summary>What a process holds at one moment. No type of the test framework is to be named here: this is for a process of its own.</summary>
/// <param name="Threads">Threads, but for those of the runtime's own: its names begin with ".NET ".</param>
/// <param name="PoolThreads">Threads of the shared pool.</param>
/// <param name="Handles">Open handles, but for those of assemblies.</param>
/// <param name="Children">Child processes, zombies included.</param>
/// <param name="Timers">Timers that are set.</param>
/// <param name="Registrations">What is registered on the token that all tasks were submitted with.</param>
/// <param name="Heap">Bytes on the heap, after a collection.</param>
internal sealed record Holdings(int Threads, int PoolThreads, int Handles, int Children, long Timers, int Registrations, long Heap)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Holdings Take(CancellationTokenSource token)
    {
        // Twice: what has a finalizer goes with the second.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        var threads = Support.Threads.Of("").Length - Support.Threads.Of(".NET ").Length;
        return new(
            threads, ThreadPool.ThreadCount, ProcessTable.OpenHandles(), ProcessTable.Children().Length, Timer.ActiveCount,
            RegistrationsOn(token), GC.GetTotalMemory(forceFullCollection: true));
    }

    /// <summary>What is held once what is on its way out is gone: a thread that was joined, one of the pool that has nothing to do, a timer of a moment.</summary>
    public static Holdings Settled(CancellationTokenSource token, Holdings atMost)
    {
        var now = Take(token);
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); waited.Elapsed < Patience && !now.IsAtMost(atMost); now = Take(token))
            Thread.Yield();
        return now;
    }

    public string ToJson() => JsonSerializer.Serialize(this);

    public static Holdings FromJson(string json) => JsonSerializer.Deserialize<Holdings>(json)!;

    private bool IsAtMost(Holdings other) =>
        Threads <= other.Threads && PoolThreads <= Math.Max(1, other.PoolThreads) && Handles <= other.Handles && Children <= other.Children
        && Timers <= other.Timers && Registrations <= other.Registrations;

    // The framework does not tell: it keeps those who wait in a list.
    private static int RegistrationsOn(CancellationTokenSource token)
    {
        var registrations = Value(token, "_registrations");
        var count = 0;
        if (registrations is not null)
            for (var node = Value(registrations, "Callbacks"); node is not null; node = Value(node, "Next")) count++;
        return count;

        static object? Value(object owner, string field) =>
            (owner.GetType().GetField(field, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic) ?? throw new MissingFieldException(owner.GetType().FullName, field)).GetValue(owner);
    }
}
