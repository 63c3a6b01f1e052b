using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TinyWorker.Threading;

/// <summary>
/// Lets tests run the concurrent core under their own scheduler (TinyWorker.Tests/Schedules). That scheduler runs one thread at a time.
/// It decides at each <see cref="Point"/>, and wherever a thread parks, which thread goes on.
/// </summary>
/// <remarks>
/// In Release nothing of this is left: a point is not compiled, and every other method is the one call that it stands for. In Debug it
/// concerns only the threads that a scheduler runs, and what these threads start and queue.
/// A point belongs before a lock is taken, and before an atomic step outside of locks that other threads can see. It never belongs inside
/// a lock: a thread that is stopped inside a lock really blocks all others that need the lock.
/// </remarks>
internal static class Schedule
{
#if DEBUG
    [ThreadStatic]
    private static IScheduler? t_scheduler;

    /// <summary>The scheduler that runs this thread, if one does.</summary>
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

    /// <summary>Another thread must go on here: this thread polls for something that only another thread can do.</summary>
    [Conditional("DEBUG")]
    public static void Yield([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG
        t_scheduler?.Yield(file, line);
#endif
    }

    /// <summary>Call this before a thread blocks until the task has ended.</summary>
    [Conditional("DEBUG")]
    public static void Await(Task task)
    {
#if DEBUG
        t_scheduler?.Await(task);
#endif
    }

    /// <summary>
    /// The number, or the smaller one under a scheduler. Some numbers are large only because threads are fast; under a scheduler a small
    /// number has the same effect.
    /// </summary>
    public static int Scale(int number, int scheduled)
    {
#if DEBUG
        if (t_scheduler is not null) return scheduled;
#endif
        return number;
    }

    /// <summary>Whether nothing waits for a thread of the shared pool.</summary>
    public static bool IsPoolIdle
    {
        get
        {
#if DEBUG
            if (t_scheduler is not null) return true;   // whatever runs beside it
#endif
            return ThreadPool.PendingWorkItemCount == 0;
        }
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

    /// <summary>Starts the thread, which runs the step.</summary>
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

    /// <summary>Runs the item on the shared pool.</summary>
    public static void Queue(IThreadPoolWorkItem item, bool preferLocal)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Queue(item.Execute);
            return;
        }
#endif
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal);
        }
        catch (ThreadInterruptedException)
        {
            // At a lock of the pool's queue, before the item was queued.
            Uninterrupted.Run(static item => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false), item);
            Interruption.PutBack();
        }
    }

    /// <summary>Runs the step on the shared pool.</summary>
    public static void Queue<TState>(Action<TState> step, TState state, bool preferLocal)
    {
#if DEBUG
        if (t_scheduler is { } scheduler)
        {
            scheduler.Queue(() => step(state));
            return;
        }
#endif
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(step, state, preferLocal);
        }
        catch (ThreadInterruptedException)
        {
            Uninterrupted.Run(
                static work => ThreadPool.UnsafeQueueUserWorkItem(work.step, work.state, preferLocal: false), (step, state));
            Interruption.PutBack();
        }
    }
}

#if DEBUG
/// <summary>A scheduler that runs one thread at a time; see <see cref="Schedule"/>.</summary>
internal interface IScheduler
{
    void Point(string file, int line);

    void Yield(string file, int line);

    void Await(Task task);

    /// <summary>Called with the monitor held. Releases the monitor while the thread waits, and holds it again at the end.</summary>
    void Wait(object monitor);

    /// <summary>Called with the monitor held.</summary>
    void Pulse(object monitor);

    void Start(Thread thread, Action step);

    void Join(Thread thread);

    void Queue(Action step);
}
#endif
