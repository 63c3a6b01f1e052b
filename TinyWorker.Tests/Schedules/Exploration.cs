using System.Runtime.ExceptionServices;
using TinyWorker.Threading;

namespace TinyWorker.Tests.Schedules;

/// <summary>Runs a program under many schedules, on all cores. The schedules are independent of each other.</summary>
internal sealed class Exploration(Action<ProgramRun> program, bool onPool)
{
    private readonly Lock _lock = new();
    private (int Seed, string Failure)? _found;   // guarded by _lock
    private int _next;                            // the next seed
    private int _end;                             // the first seed that is not run
    private int _length;                          // about how many steps one run takes
    private long _steps;

    /// <summary>The number of steps in all schedules.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Runs the schedules of <paramref name="count"/> seeds from <paramref name="first"/> on, and stops at a failure.</summary>
    /// <returns>The seed that failed, and how; null if none did.</returns>
    public (int Seed, string Failure)? Run(int first, int count)
    {
        (_next, _end) = (first, first + count);
        AppDomain.CurrentDomain.FirstChanceException += OnException;
        try
        {
            var idleThreads = new Stack<ReusableThread>();
            // The length always comes from the same run, so that a seed means the same schedule every time.
            (_length, var failure) = Run(0, new RandomWalk(0), idleThreads);
            End(idleThreads);
            if (failure is not null) return (0, failure);
            var explorers = Enumerable.Range(0, Environment.ProcessorCount)
                .Select(_ => new Thread(RunSeeds) { IsBackground = true }).ToArray();
            foreach (var explorer in explorers) explorer.Start();
            foreach (var explorer in explorers) explorer.Join();
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= OnException;
        }

        return _found;
    }

    private void RunSeeds()
    {
        var idleThreads = new Stack<ReusableThread>();
        while (Interlocked.Increment(ref _next) - 1 is var seed && seed < Volatile.Read(ref _end))
        {
            var (steps, failure) = Run(seed, Strategy.Of(seed, _length), idleThreads);
            Interlocked.Add(ref _steps, steps);
            if (failure is null) continue;
            Volatile.Write(ref _end, 0);
            lock (_lock) _found ??= (seed, failure);
        }

        End(idleThreads);
    }

    private (int Steps, string? Failure) Run(int seed, Strategy strategy, Stack<ReusableThread> idleThreads)
    {
        var run = new ProgramRun(onPool, seed);
        return Scheduler.Run(
            () =>
            {
                program(run);
                run.End();
            },
            run.Check, strategy, idleThreads);
    }

    private static void End(Stack<ReusableThread> idleThreads)
    {
        foreach (var thread in idleThreads) thread.Dispose();
    }

    // A broken invariant of the core fails the schedule at once: code above it could catch the exception.
    private static void OnException(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (e.Exception.GetType().Name == "DebugAssertException" && Schedule.Scheduler is Scheduler scheduler)
            scheduler.Fail(e.Exception.ToString());
    }
}
