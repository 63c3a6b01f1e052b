using System.Runtime.CompilerServices;
using System.Text;
using TinyWorker.Threading;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Runs a small program on the real core under one schedule. One thread runs at a time, and at each point of the core
/// (<see cref="Schedule"/>) a strategy decides which thread goes on. The same strategy with the same seed decides the same again, so a
/// failure can be replayed.
/// </summary>
/// <remarks>
/// <para>What the scheduler controls: the program's threads, the threads of thread workers, and everything that the core queues to the
/// shared pool (each item gets a thread of its own, because the pool promises no order). It stops them before each lock, before each
/// atomic step outside of locks, while they spin, and where they park: a monitor's wait, a thread's join, a task that is blocked on. A
/// parked thread runs only after another thread has pulsed its monitor, however long that takes. So a lost wake-up leaves no thread that
/// can go on; this fails the schedule, and the report says which thread is parked where. Time stands still unless the program moves its
/// clock.</para>
/// <para>What the scheduler does not control. It stops no thread inside a lock, so the real locks never block, and code under a lock is one
/// step. A read outside of a lock, while another thread changes the same state under the lock (the gate's word, the flags of IdleWorkers,
/// a channel that is being replaced), sees the state before or after the change, never between. The memory is that of one processor: no
/// write is seen late, so the scheduler cannot find a missing fence. The stress tests are for both: they run the same core freely on all
/// cores. The scheduler also does not own what the framework queues by itself (the code after an await of a framework's task, the callbacks
/// of CancelAsync), so the programs do without.</para>
/// <para>Why the results are valid all the same: the scheduler runs the code itself, not a model of it, and the system may stop a thread
/// wherever the scheduler stops it. So every schedule could really happen, and a failure is a bug of the core or of the program. If no
/// schedule fails, that says nothing about schedules that were not run.</para>
/// </remarks>
internal sealed class Scheduler : IScheduler
{
    private const int MaxSteps = 20_000;   // a hundred times what a program takes
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(30);   // for a thread that does not come to its next point

    private readonly Strategy _strategy;
    private readonly Stack<ReusableThread> _idleThreads;
    private readonly List<ScheduledThread> _threads = [];
    private readonly List<ScheduledThread> _ready = [];   // used again at each decision
    private readonly List<(ScheduledThread Thread, CodeLocation Location)> _trace = [];
    private readonly Dictionary<Thread, ScheduledThread> _startedByTheCore = [];
    private readonly SemaphoreSlim _finished = new(0);
    private ScheduledThread? _current;   // the thread that has the turn
    private string? _failure;

    private Scheduler(Strategy strategy, Stack<ReusableThread> idleThreads)
    {
        _strategy = strategy;
        _idleThreads = idleThreads;
    }

    private static Scheduler OfThisThread => (Scheduler)Schedule.Scheduler!;

    /// <summary>Runs a program until all its threads have ended, and then checks it.</summary>
    /// <param name="program">The body of the first thread.</param>
    /// <param name="check">Runs at the end, and throws if something is wrong.</param>
    /// <param name="strategy">Decides which thread goes on.</param>
    /// <param name="idleThreads">
    /// Real threads to use; those that have ended come back here. After a failure some do not come back: they are stopped where they were.
    /// </param>
    /// <returns>The number of steps, and the failure if there was one.</returns>
    public static (int Steps, string? Failure) Run(
        Action program, Action check, Strategy strategy, Stack<ReusableThread> idleThreads)
    {
        var scheduler = new Scheduler(strategy, idleThreads);
        scheduler._current = scheduler.Add("program", program);
        scheduler._current.Runner.GiveTurn();
        for (var steps = 0; !scheduler._finished.Wait(StepTimeout); steps = scheduler._trace.Count)
        {
            if (scheduler._trace.Count > steps) continue;   // the machine is slow
            var stuck = scheduler._current;
            return (steps, $"{stuck}, last seen at {stuck.Location}, does not come to its next point: it blocks on something that "
                + $"the scheduler does not own, or it loops.{Environment.NewLine}{ThreadStacks.Take()}");
        }

        if (scheduler._failure is null)
        {
            try
            {
                check();
            }
            catch (AssertionException e)
            {
                scheduler._failure = e.Message + Environment.NewLine + scheduler.Report();
            }
        }

        return (scheduler._trace.Count, scheduler._failure);
    }

    // For the programs -----------------------------------------------------------------------------

    /// <summary>Starts a thread of the program.</summary>
    public static void StartThread(string name, Action body) => OfThisThread.Add(name, body);

    /// <summary>Goes on when the condition holds. The condition changes nothing and passes no point.</summary>
    public static void Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        OfThisThread.Block(condition, new CodeLocation("until " + what, 0));

    // For the core ---------------------------------------------------------------------------------

    public void Point(string file, int line) => Pass(new CodeLocation(file, line));

    public void Yield(string file, int line)
    {
        _strategy.OnYielded(_current!);
        Pass(new CodeLocation(file, line));
    }

    public void Await(Task task) => Block(() => task.IsCompleted, new CodeLocation("await of a task", 0));

    public void Wait(object monitor)
    {
        var me = _current!;
        Monitor.Exit(monitor);
        me.ParkedOn = monitor;
        Switch(me);
        Monitor.Enter(monitor);
    }

    public void Pulse(object monitor) => _threads.Find(thread => ReferenceEquals(thread.ParkedOn, monitor))?.ParkedOn = null;

    public void Start(Thread thread, Action step) => _startedByTheCore.Add(thread, Add(thread.Name ?? "thread", step));

    public void Join(Thread thread)
    {
        var joined = _startedByTheCore[thread];
        Block(() => joined.HasEnded, new CodeLocation("join of " + joined, 0));
    }

    public void Queue(Action step) => Add("pool", step);

    /// <summary>Fails the schedule. This thread and all others stay where they are.</summary>
    public void Fail(string failure)
    {
        _failure = $"{failure}{Environment.NewLine}{Report()}";
        _finished.Release();
        while (true) _current!.Runner.AwaitTurn();   // the turn never comes
    }

    // ----------------------------------------------------------------------------------------------

    private ScheduledThread Add(string name, Action body)
    {
        var runner = _idleThreads.TryPop(out var idle) ? idle : new ReusableThread();
        var thread = new ScheduledThread(_threads.Count, name, runner);
        runner.Assign(() => RunBody(thread, body));
        _threads.Add(thread);
        _strategy.OnAdded(thread);
        return thread;
    }

    private void RunBody(ScheduledThread me, Action body)
    {
        Schedule.Scheduler = this;
        try
        {
            body();
        }
        catch (Exception e)
        {
            Fail($"{me} threw {e}");
        }

        Schedule.Scheduler = null;
        me.HasEnded = true;
        var next = Choose();
        if (next is null && _threads.Exists(thread => !thread.HasEnded)) FailForNoReadyThread();
        _idleThreads.Push(me.Runner);
        if (next is null)
        {
            _finished.Release();
            return;
        }

        _current = next;
        next.Runner.GiveTurn();
    }

    private void Pass(CodeLocation location)
    {
        var me = _current!;
        me.Location = location;
        _trace.Add((me, location));
        if (_trace.Count > MaxSteps) Fail($"No end after {MaxSteps} steps.");
        Switch(me);
    }

    private void Block(Func<bool> until, CodeLocation location)
    {
        _current!.Until = until;
        Pass(location);
    }

    private void Switch(ScheduledThread me)
    {
        var next = Choose();
        if (next is null) FailForNoReadyThread();
        if (next == me) return;
        _current = next;
        next!.Runner.GiveTurn();
        me.Runner.AwaitTurn();
    }

    private ScheduledThread? Choose()
    {
        _ready.Clear();
        foreach (var thread in _threads)
            if (thread.IsReady) _ready.Add(thread);
        if (_ready.Count == 0) return null;
        var chosen = _strategy.Choose(_ready, _current!, _trace.Count);
        chosen.Until = null;
        return chosen;
    }

    private void FailForNoReadyThread() => Fail("No thread can go on.");

    private string Report()
    {
        var report = new StringBuilder();
        foreach (var thread in _threads)
            if (!thread.HasEnded) report.AppendLine($"  {thread}: {StateOf(thread)}, after {thread.Location}");

        report.AppendLine("The schedule (in each line, a thread and the points that it passed in its turn):");
        for (var i = 0; i < _trace.Count;)
        {
            var (thread, _) = _trace[i];
            report.Append($"  {thread}:");
            for (; i < _trace.Count && _trace[i].Thread == thread; i++) report.Append(' ').Append(_trace[i].Location);
            report.AppendLine();
        }

        return report.ToString();
    }

    private string StateOf(ScheduledThread thread) => thread switch
    {
        { ParkedOn: { } monitor } => $"parked on a {monitor.GetType().Name}",
        { Until: not null } => "waits",
        _ => thread == _current ? "has the turn" : "could go on",
    };
}
