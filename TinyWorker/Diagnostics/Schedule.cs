using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The seam through which tests run the concurrent core under a scheduler of their own (TinyWorker.Tests/Schedules). That scheduler runs
/// one thread at a time, and decides at each <see cref="Point"/> and wherever a thread parks which one goes on.
/// </summary>
/// <remarks>
/// In Release nothing of it is left: a point is not compiled, and the others are the one call that they stand for. In Debug it concerns
/// only the threads that a scheduler runs, and what these start and queue.
/// Where a point belongs: before a lock is taken, and before an atomic step outside of locks that others can see. Never inside a lock: who
/// is stopped there would stop the others for real.
/// </remarks>
internal static class Schedule
{
#if DEBUG
    [ThreadStatic]
    private static IScheduler? t_scheduler;

    /// <summary>Who decides about this thread, if anybody does.</summary>
    public static IScheduler? Scheduler
    {
        get => t_scheduler;
        set => t_scheduler = value;
    }
#endif

    /// <summary>Another thread may go on here.</summary>
    [Conditional("DEBUG")]
    public static void Point([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG
        t_scheduler?.Point(file, line);
#endif
    }

    /// <summary>Another thread must go on here: this one looks again and again for what only another can bring.</summary>
    [Conditional("DEBUG")]
    public static void Yield([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG
        t_scheduler?.Yield(file, line);
#endif
    }

    /// <summary>Before a thread blocks until the task has ended.</summary>
    [Conditional("DEBUG")]
    public static void Await(Task task)
    {
#if DEBUG
        t_scheduler?.Await(task);
#endif
    }

    /// <summary>For a number that is large because threads are fast: a small one will do where they are stopped at will.</summary>
    public static int Scale(int number, int scheduled)
    {
#if DEBUG
        if (t_scheduler is not null) return scheduled;
#endif
        return number;
    }

    /// <summary>A bug that a test of the scheduler has planted: the scheduler must find it.</summary>
    public static bool IsPlanted(PlantedBug bug)
    {
#if DEBUG
        return t_scheduler?.Planted == bug;
#else
        return false;
#endif
    }

    /// <inheritdoc cref="Monitor.Wait(object)"/>
    public static void Wait(object monitor)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Wait(monitor);
            return;
        }
#endif
        Monitor.Wait(monitor);
    }

    /// <inheritdoc cref="Monitor.Pulse(object)"/>
    public static void Pulse(object monitor)
    {
#if DEBUG
        t_scheduler?.Pulse(monitor);
#endif
        Monitor.Pulse(monitor);
    }

    /// <summary>Starts a thread that runs the step.</summary>
    public static void Start<TState>(Thread thread, Action<TState> step, TState state)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Start(thread, () => step(state));
            return;
        }
#endif
        thread.UnsafeStart();
    }

    /// <summary>Waits for the end of a thread that <see cref="Start"/> has started.</summary>
    public static void Join(Thread thread)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Join(thread);
            return;
        }
#endif
        thread.Join();
    }

    /// <summary>Runs it on the shared pool.</summary>
    public static void Queue(IThreadPoolWorkItem item, bool preferLocal)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Queue(item.Execute);
            return;
        }
#endif
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal);
    }

    /// <summary>Runs it on the shared pool.</summary>
    public static void Queue<TState>(Action<TState> step, TState state, bool preferLocal)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Queue(() => step(state));
            return;
        }
#endif
        ThreadPool.UnsafeQueueUserWorkItem(step, state, preferLocal);
    }
}
