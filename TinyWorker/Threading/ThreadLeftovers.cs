using System.Diagnostics;

namespace TinyWorker.Threading;

/// <summary>
/// What a task may leave on the thread that runs it: an interruption that no wait has thrown yet, another name, another priority, another
/// choice of foreground or background. All of it is taken off before the next task meets it. What belongs to the execution context (the
/// culture) is put back without this. Belongs to the thread that runs a worker.
/// </summary>
/// <remarks>
/// To look at the flag of an interruption costs a hundred nanoseconds and a lock of the runtime that all threads share: as much as a
/// whole task of the shortest kind. So the thread looks after each task, except in a row of very short ones: there it looks after every
/// 64th. Hardly any program leaves anything on a thread. In one that does, all workers look after each task from the first time on.
/// </remarks>
internal struct ThreadLeftovers
{
    private const int Row = 64;

    private static readonly long Short = Stopwatch.Frequency / 500_000;   // 2 microseconds: a task that waits for anything takes longer

    private static bool s_wereSeen;

    private string? _name;
    private ThreadPriority _priority;
    private bool _isBackground;
    private int _unlooked;     // how many tasks may still end before the thread looks again
    private int _shortTasks;   // how many times in a row it found that the tasks were short
    private long _lookedAt;    // a time stamp

    /// <summary>Whether anything was left on any thread of this process so far.</summary>
    public static bool WereSeen
    {
        get => Volatile.Read(ref s_wereSeen);
        set => Volatile.Write(ref s_wereSeen, value);
    }

    /// <summary>Remembers how this thread is before the first task runs on it.</summary>
    public void Begin()
    {
        var thread = Thread.CurrentThread;
        (_name, _priority, _isBackground) = (thread.Name, thread.Priority, thread.IsBackground);
    }

    /// <summary>A task has ended on this thread. Takes off what it has left.</summary>
    /// <returns>Whether the thread was interrupted.</returns>
    public bool TaskHasEnded() => (--_unlooked <= 0 || WereSeen) && Look();

    /// <summary>The thread has slept: a row of short tasks is over.</summary>
    public void HasRested() => _unlooked = _shortTasks = 0;

    private bool Look()
    {
        var wasInterrupted = Interruption.Clear();
        if (RestoreSettings()) WereSeen = true;
        var now = Stopwatch.GetTimestamp();
        var tasks = _shortTasks >= Row ? Row : 1;
        _shortTasks = now - _lookedAt < tasks * Short ? _shortTasks + 1 : 0;
        _unlooked = _shortTasks >= Row ? Row : 0;
        _lookedAt = now;
        return wasInterrupted;
    }

    private readonly bool RestoreSettings()
    {
        var thread = Thread.CurrentThread;
        var (hasName, hasPriority) = (ReferenceEquals(thread.Name, _name), thread.Priority == _priority);
        var hasBackground = thread.IsBackground == _isBackground;
        if (!hasName) thread.Name = _name;
        if (!hasPriority) thread.Priority = _priority;
        if (!hasBackground) thread.IsBackground = _isBackground;
        return !hasName || !hasPriority || !hasBackground;
    }
}
