using System.Reflection;
using System.Text.Json;
using TinyWorker.Tests.Processes;

namespace TinyWorker.Tests.Leaks;

/// <summary>What a process holds at one moment. It runs in a process of its own, and names no type of the test framework.</summary>
/// <param name="Threads">Threads without the runtime's own, whose names begin with ".NET ".</param>
/// <param name="PoolThreads">Threads of the shared pool.</param>
/// <param name="Handles">Open handles without those of assemblies.</param>
/// <param name="Children">Child processes, zombies included.</param>
/// <param name="Timers">Timers that are set.</param>
/// <param name="Registrations">Registrations on the token that all tasks were submitted with.</param>
/// <param name="Heap">Bytes on the heap, after a collection.</param>
internal sealed record Holdings(int Threads, int PoolThreads, int Handles, int Children, long Timers, int Registrations, long Heap)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Holdings Take(CancellationTokenSource token)
    {
        // Twice: the second collection takes the objects that have a finalizer.
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

    /// <summary>
    /// What the process holds when nothing more is on its way out: a thread that was joined, an idle thread of the pool, a short timer.
    /// </summary>
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

    // The framework does not tell how many there are. It keeps them in a list.
    private static int RegistrationsOn(CancellationTokenSource token)
    {
        var registrations = Value(token, "_registrations");
        var count = 0;
        if (registrations is not null)
            for (var node = Value(registrations, "Callbacks"); node is not null; node = Value(node, "Next")) count++;
        return count;

        static object? Value(object owner, string field)
        {
            var found = owner.GetType().GetField(field, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            return (found ?? throw new MissingFieldException(owner.GetType().FullName, field)).GetValue(owner);
        }
    }
}
