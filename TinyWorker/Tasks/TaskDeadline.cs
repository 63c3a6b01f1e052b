using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>What ends at its deadline.</summary>
internal interface IHasDeadline
{
    /// <summary>
    /// The deadline has passed: ends the task if it waits, asks it to stop if it runs, and does nothing if it has ended. May be called more
    /// than once.
    /// </summary>
    void StopAtDeadline();
}

/// <summary>What a task was doing when its deadline passed.</summary>
internal enum DeadlineStage
{
    WaitingForRoom,
    WaitingForInput,
    WaitingForWorker,
    WaitingToRunAgain,
    Running,
}

/// <summary>The deadline of one task, from its submission, and its timer.</summary>
/// <remarks>
/// Who ends a task at its deadline depends on where the task is then:
/// <list type="bullet">
/// <item>It is not accepted. The timer withdraws the ticket from the gate, as a cancelled wait does; who takes the ticket out of the queue
/// decides its end, so there is one. Then the task enters past the bound, does not wait, and ends at once.</item>
/// <item>It waits. The timer, or a worker loop that would start it and looks at the clock, takes it out of Pending. That is one
/// compare-and-swap, in which a start, Cancel, an abort or a failed input take part, too: one of them wins, and the place at the gate is
/// freed once.</item>
/// <item>It is prefetched. The timer marks it and recalls it. Its loop ends it when it comes back, or asks it to stop if it has
/// begun.</item>
/// <item>It runs. The timer asks it to stop, under the lock of the deadline ladder, as Cancel does. The first who asks gives the reason, and
/// the ladder ends the task once.</item>
/// </list>
/// Between the departure from the gate and the wait nobody may end a task. The timer sets Passed and then looks for Entered. The thread
/// that enters the task sets Entered and then looks for Passed. Each of the two steps is atomic, so at least one of them sees the other,
/// and stops the task. The timer belongs to <see cref="Start"/> until it is set, then to <see cref="End"/>: the two meet in _state, and the
/// second of them disposes the timer. So nobody calls it from two threads.
/// </remarks>
internal sealed class TaskDeadline
{
    private const int Passed = 1;    // the timer has called
    private const int Entered = 2;   // the task waits, or has waited: it can be ended
    private const int Set = 4;       // the timer is set
    private const int Over = 8;      // the task has ended, or will never be accepted

    private readonly IFutureOwner _owner;
    private readonly IHasDeadline _task;
    private readonly long _dueAt;       // in timestamps of the clock
    private AdmissionTicket? _ticket;   // set before the timer, if the task queues at the gate
    private ITimer? _timer;             // set before Set
    private int _state;

    public TaskDeadline(IFutureOwner owner, TimeSpan span, IHasDeadline task)
    {
        (_owner, _task) = (owner, task);
        Span = span;
        var clock = owner.TimeProvider;
        _dueAt = clock.GetTimestamp() + (long)(span.TotalSeconds * clock.TimestampFrequency);
    }

    public TimeSpan Span { get; }

    /// <summary>Whether the timer has called.</summary>
    public bool HasPassed => (Volatile.Read(ref _state) & Passed) != 0;

    /// <summary>Whether it has passed although the timer may be late: looks at the clock.</summary>
    public bool IsPast => HasPassed || _owner.TimeProvider.GetTimestamp() >= _dueAt;

    /// <summary>Sets the timer. To be called once, outside of locks: some clocks call at once.</summary>
    /// <param name="ticket">The place in the queue at the gate that the task has, or is about to get.</param>
    public void Start(AdmissionTicket? ticket)
    {
        if ((Volatile.Read(ref _state) & Over) != 0) return;
        _ticket = ticket;
        if (IsPast)
        {
            OnTimer();   // the submitter was slower than the task's time: there is nothing to wait for
            return;
        }

        // An interruption of the submitter must not take away what is accepted, nor the deadline.
        _timer = Uninterrupted.Run(
            static own => Timers.Create(own._owner.TimeProvider, static own => ((TaskDeadline)own!).OnTimer(), own), this);
        Uninterrupted.Run(static own => own._timer!.Change(own.Left(), Timeout.InfiniteTimeSpan), this);
        if (IsPast) OnTimer();   // the clock moved between the look at it and the setting: the timer would be late by so much
        Schedule.Point();
        if ((Interlocked.Or(ref _state, Set) & Over) != 0) DisposeTimer();
    }

    /// <summary>The task waits from now on, or has waited.</summary>
    public void Enter()
    {
        Schedule.Point();
        if ((Interlocked.Or(ref _state, Entered) & Passed) != 0) _task.StopAtDeadline();
    }

    /// <summary>The task has ended, or will never be accepted.</summary>
    public void End()
    {
        Schedule.Point();
        if ((Interlocked.Or(ref _state, Over) & (Set | Over)) == Set) DisposeTimer();
    }

    /// <summary>How the task ends.</summary>
    public Failure FailureAt(DeadlineStage stage, Exception? inner = null)
    {
        var (when, advice) = stage switch
        {
            DeadlineStage.WaitingForRoom => (
                "while it waited for room, and never started",
                "Raise SubmitOptions.Deadline, give the troupe more workers, or submit less."),
            DeadlineStage.WaitingForInput => (
                "while it waited for its input, and never started",
                "Raise SubmitOptions.Deadline, or find out why its input takes so long."),
            DeadlineStage.WaitingForWorker => (
                "while it waited for a worker, and never started",
                "Raise SubmitOptions.Deadline, give the troupe more workers, or submit less."),
            DeadlineStage.WaitingToRunAgain => (
                "between two attempts",
                "Raise SubmitOptions.Deadline, or lower TinyTroupeOptions.RetryDelay."),
            _ => (
                "while it was running, and was stopped",
                "Raise SubmitOptions.Deadline if it needs longer."),
        };
        return Failure.Fault(
            new TimeoutException($"The task passed its Deadline of {Span} in '{_owner.Name}' {when}. {advice}", inner));
    }

    private void OnTimer()
    {
        Schedule.Point();
        // Some clocks call at once, on the thread that sets the timer, which may be any submitter's. What is told there (listeners, the
        // logger) is user code.
        if ((Interlocked.Or(ref _state, Passed) & Set) == 0) Schedule.Queue(static own => own.Pass(), this, preferLocal: false);
        else Pass();
    }

    private void Pass()
    {
        Volatile.Read(ref _ticket)?.PassDeadline();
        Schedule.Point();
        if ((Volatile.Read(ref _state) & Entered) != 0) _task.StopAtDeadline();
    }

    /// <summary>How long there still is: from zero to the whole span.</summary>
    // A timer of the system counts whole milliseconds. A clock that the user has set back or forth must not lead outside its range.
    public TimeSpan Left()
    {
        var clock = _owner.TimeProvider;
        var left = clock.GetElapsedTime(clock.GetTimestamp(), _dueAt);
        if (left <= TimeSpan.Zero) return TimeSpan.Zero;
        return left >= Span ? Span : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
    }

    private void DisposeTimer()
    {
        Uninterrupted.Run(static timer => { timer.Dispose(); return true; }, _timer!);
        _timer = null;
        Volatile.Write(ref _ticket, null);
    }
}
