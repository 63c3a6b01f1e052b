using System.Runtime.CompilerServices;
using System.Text;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Runs a small program on the real core under one schedule: one thread at a time, and at each point of the core (<see cref="Schedule"/>)
/// a strategy decides which one goes on. The same strategy with the same seed decides the same again, so a failure can be repeated.
/// </summary>
/// <remarks>
/// <para>What it controls: the program's threads, the threads of thread workers, and everything that the core queues to the shared pool (each
/// item gets a thread of its own: the pool promises no order). It stops them before each lock, before each atomic step outside of locks,
/// while they spin, and where they park: a monitor's wait, a thread's join, a task that is blocked on. Who parks is not run before somebody
/// has pulsed, whatever time passes: a wake-up that is lost leaves nobody who can go on, which fails the schedule and says who is parked
/// where. Time stands still unless the program moves its clock.</para>
/// <para>What it does not control. Nobody is stopped inside a lock, so the real locks never block: code under a lock is one step. What is
/// read outside of a lock while another thread is half way through it there (the gate's word, the flags of IdleWorkers, a channel that is
/// being replaced) is seen before or after, never between. The memory is that of one processor: no write is seen late, so a missing fence
/// is not found here. Both are for the stress tests, which run the same core freely on all cores. Nor does it own what the framework queues
/// by itself (what follows an await of a framework's task, the callbacks of CancelAsync): the programs do without.</para>
/// <para>Why it can be believed all the same: it runs the code itself, not a model of it, and a thread may be stopped by the system wherever
/// it is stopped here. So every schedule is one that could happen, and a failure is a bug of the core or of the program. That none was
/// found says nothing about schedules that were not run.</para>
/// </remarks>
internal sealed class Scheduler : IScheduler
{
    private const int MostSteps = 20_000;                                     // a hundred times what a program takes
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);     // for a thread that does not come to its next point

    private readonly Strategy _strategy;
    private readonly Stack<ActorThread> _stock;                               // threads that are lent to nobody
    private readonly List<Actor> _actors = [];
    private readonly List<Actor> _ready = [];                                 // used again at each decision
    private readonly List<(Actor Actor, Place Place)> _trace = [];
    private readonly Dictionary<Thread, Actor> _started = [];
    private readonly SemaphoreSlim _over = new(0);
    private Actor? _current;                                                  // who has the turn
    private string? _failure;

    private Scheduler(Strategy strategy, Stack<ActorThread> stock, PlantedBug planted)
    {
        _strategy = strategy;
        _stock = stock;
        Planted = planted;
    }

    public PlantedBug Planted { get; }

    private static Scheduler Here => (Scheduler)Schedule.Scheduler!;

    /// <summary>Runs a program to the end of all its threads, and looks whether all is well then.</summary>
    /// <param name="program">What the first thread does.</param>
    /// <param name="check">Throws if something is wrong when it is over.</param>
    /// <param name="strategy">Who decides.</param>
    /// <param name="stock">Threads to use, and where they come back to. After a failure some do not come back: they are stopped where they were.</param>
    /// <param name="planted">A bug to be found.</param>
    /// <returns>How many steps it took, and why it failed, if it did.</returns>
    public static (int Steps, string? Failure) Run(Action program, Action check, Strategy strategy, Stack<ActorThread> stock, PlantedBug planted = PlantedBug.None)
    {
        var scheduler = new Scheduler(strategy, stock, planted);
        scheduler._current = scheduler.Add("program", program);
        scheduler._current.Thread.GiveTurn();
        for (var seen = 0; !scheduler._over.Wait(Patience); seen = scheduler._trace.Count)
        {
            if (scheduler._trace.Count > seen) continue;   // it is a slow machine
            var stuck = scheduler._current;
            return (seen, $"{stuck}, last seen at {stuck.Place}, does not come to its next point: it blocks on something that "
                + $"the scheduler does not own, or runs in a circle.{Environment.NewLine}{ThreadStacks.Take()}");
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
    public static void Go(string name, Action body) => Here.Add(name, body);

    /// <summary>Goes on when it is so. The condition changes nothing and reaches no point.</summary>
    public static void Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Here.Block(condition, new Place("until " + what, 0));

    // For the core ---------------------------------------------------------------------------------

    public void Point(string file, int line) => Reach(new Place(file, line));

    public void Yield(string file, int line)
    {
        _strategy.Yielded(_current!);
        Reach(new Place(file, line));
    }

    public void Await(Task task) => Block(() => task.IsCompleted, new Place("await of a task", 0));

    public void Wait(object monitor)
    {
        var me = _current!;
        Monitor.Exit(monitor);
        me.ParkedOn = monitor;
        Switch(me);
        Monitor.Enter(monitor);
    }

    public void Pulse(object monitor) => _actors.Find(actor => ReferenceEquals(actor.ParkedOn, monitor))?.ParkedOn = null;

    public void Start(Thread thread, Action step) => _started.Add(thread, Add(thread.Name ?? "thread", step));

    public void Join(Thread thread)
    {
        var joined = _started[thread];
        Block(() => joined.HasEnded, new Place("join of " + joined, 0));
    }

    public void Queue(Action step) => Add("pool", step);

    /// <summary>Fails the schedule; this thread and all others stay where they are.</summary>
    public void Fail(string failure)
    {
        _failure = $"{failure}{Environment.NewLine}{Report()}";
        _over.Release();
        while (true) _current!.Thread.AwaitTurn();   // nobody gives it
    }

    // ----------------------------------------------------------------------------------------------

    private Actor Add(string name, Action body)
    {
        var thread = _stock.TryPop(out var free) ? free : new ActorThread();
        var actor = new Actor(_actors.Count, name, thread);
        thread.Lend(() => Live(actor, body));
        _actors.Add(actor);
        _strategy.Born(actor);
        return actor;
    }

    private void Live(Actor me, Action body)
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
        if (next is null && _actors.Exists(actor => !actor.HasEnded)) Fail("Nobody can go on.");
        _stock.Push(me.Thread);
        if (next is null)
        {
            _over.Release();
            return;
        }

        _current = next;
        next.Thread.GiveTurn();
    }

    private void Reach(Place place)
    {
        var me = _current!;
        me.Place = place;
        _trace.Add((me, place));
        if (_trace.Count > MostSteps) Fail($"No end after {MostSteps} steps.");
        Switch(me);
    }

    private void Block(Func<bool> until, Place place)
    {
        _current!.Until = until;
        Reach(place);
    }

    private void Switch(Actor me)
    {
        var next = Choose();
        if (next is null) Fail("Nobody can go on.");
        if (next == me) return;
        _current = next;
        next!.Thread.GiveTurn();
        me.Thread.AwaitTurn();
    }

    private Actor? Choose()
    {
        _ready.Clear();
        foreach (var actor in _actors)
            if (actor.IsReady) _ready.Add(actor);
        if (_ready.Count == 0) return null;
        var chosen = _strategy.Choose(_ready, _current!, _trace.Count);
        chosen.Until = null;
        return chosen;
    }

    private string Report()
    {
        var report = new StringBuilder();
        foreach (var actor in _actors)
        {
            if (actor.HasEnded) continue;
            var state = actor.ParkedOn is { } monitor ? $"parked on a {monitor.GetType().Name}" : actor.Until is not null ? "waits" : actor == _current ? "has the turn" : "could go on";
            report.AppendLine($"  {actor}: {state}, after {actor.Place}");
        }

        report.AppendLine("The way there (an actor, and the points where it had the turn):");
        for (var i = 0; i < _trace.Count;)
        {
            var (actor, _) = _trace[i];
            report.Append($"  {actor}:");
            for (; i < _trace.Count && _trace[i].Actor == actor; i++) report.Append(' ').Append(_trace[i].Place);
            report.AppendLine();
        }

        return report.ToString();
    }
}
