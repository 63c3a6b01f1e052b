using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>What an attempt to enter the gate comes to.</summary>
internal enum Admission
{
    Entered,
    Full,
    Closed,
}

/// <summary>
/// The bound of a troupe: at most <c>capacity</c> tasks are accepted and not yet started. First come, first served.
/// </summary>
/// <remarks>
/// Everything that must be seen together is one word, _state: how many tasks were accepted (its upper half, modulo 2^32), how many wait
/// for a worker (the lower 30 bits), and two flags. An acceptance and a departure are one atomic step each.
/// While a ticket queues (Contended), the fast way in is shut, so that nobody overtakes. A submitter sets Contended under the lock
/// before it looks for room. A departure looks at Contended in the very state that it left behind. So either the submitter sees the
/// room, or the departure sees the submitter: no wake-up is lost. One thread at a time admits the tickets, in order and
/// outside the lock, and enters their items for the submitters: a place is filled the moment it is free, not
/// when the submitter's thread has woken up.
/// That thread has work of its own: a worker has a task to begin, a submitter has a result to wait for. So it admits a few tickets and
/// stops, though others may have come and other places may be free. Then somebody else goes on, and nothing is left lying:
/// whoever departs or queues next finds nobody admitting, and admits. If none of them comes for long, the shared pool goes on: the thread
/// that stops queues one step there. If the pool has no thread for it, but tasks wait, one of them departs some time. If none waits, the
/// workers have run out of tasks: a worker looks here before it parks, and one that has parked is woken (onRoomLeft, and
/// <see cref="HasRoomForQueued"/>, which a worker asks once it is seen as parked).
/// </remarks>
/// <param name="capacity">The bound.</param>
/// <param name="onDrained">Called once: the gate is closed, and nothing waits.</param>
/// <param name="onRoomLeft">Tickets queue, there is room for one, and nobody admits it: a worker that has nothing to do is to.</param>
internal sealed class AdmissionGate(int capacity, Action onDrained, Action? onRoomLeft = null) : IThreadPoolWorkItem
{
    /// <summary>How many tasks can wait, past every bound.</summary>
    public const int Most = (1 << 30) - 1;

    // A departure frees one place. More than one ticket, because a departure leaves its place to the thread that admits already.
    private const int MostAtOnce = 8;

    private const long WaitingMask = Most;
    private const long Contended = 1L << 30;
    private const long Closed = 1L << 31;
    private const long OneAccepted = (1L << 32) + 1;

    private readonly Lock _lock = new();
    private readonly TicketQueue _queue = new();   // guarded by _lock
    private bool _isAdmitting;                     // written under _lock; one thread admits at a time
    private bool _isHandedOver;                    // guarded by _lock: a step on the pool will go on
    private long _state;
    private int _drained;                          // set once, by the thread that finds the gate closed and no task waiting

    /// <summary>How many tasks were accepted so far, modulo 2^32, and how many wait: read in one step.</summary>
    public (uint Accepted, int Waiting) Read()
    {
        var state = Volatile.Read(ref _state);
        return ((uint)(state >>> 32), (int)(state & WaitingMask));
    }

    /// <summary>Whether tickets queue, there is room for one, and nobody is admitting it.</summary>
    public bool HasRoomForQueued
    {
        get
        {
            if (Volatile.Read(ref _isAdmitting)) return false;
            var state = Volatile.Read(ref _state);
            return (state & Contended) != 0 && (state & WaitingMask) < capacity;
        }
    }

    /// <summary>Whether somebody waits for a place.</summary>
    public bool IsContended => (Volatile.Read(ref _state) & Contended) != 0;

    /// <summary>Whether nobody is admitted any more.</summary>
    public bool IsClosed => (Volatile.Read(ref _state) & Closed) != 0;

    /// <summary>Takes a place if there is one and no ticket queues for it. The caller then enters its item itself.</summary>
    public Admission TryEnter()
    {
        Schedule.Point();
        return TryAdd(Contended, capacity);
    }

    /// <summary>
    /// Takes places whether there is room or not: for submitters inside a worker, who must not block, and for tasks of every worker. Full only if as many tasks wait as
    /// can be counted.
    /// </summary>
    public Admission EnterPastTheBound(int count = 1) => TryAdd(0, Most, count);

    /// <summary>
    /// A task that a worker has tried goes back among those that wait, past the bound: it was accepted long ago. To be called while the
    /// troupe is kept from being drained; the task leaves the gate once more.
    /// </summary>
    public void Reenter()
    {
        Schedule.Point();
        Interlocked.Increment(ref _state);
    }

    /// <summary>Queues for a place. The ticket ends when its item has entered, when the gate is closed, or when it is withdrawn.</summary>
    public void Queue(AdmissionTicket ticket)
    {
        bool closed;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            closed = (Interlocked.Or(ref _state, Contended) & Closed) != 0;
            if (closed) Interlocked.And(ref _state, ~Contended);
            else _queue.Add(ticket);
        }

        if (closed) ticket.Refuse();
        else AdmitQueued();
    }

    /// <summary>A task that waited was taken by a worker, or has ended: its place is free. To be called once for each acceptance.</summary>
    /// <returns>Whether it was the last task that waited.</returns>
    public bool Leave()
    {
        Schedule.Point();
        var left = Interlocked.Decrement(ref _state);
        if ((left & (Contended | Closed)) == 0) return (left & WaitingMask) == 0;
        if ((left & Contended) != 0) AdmitQueued();
        NoticeDrained(left);
        return false;   // tickets queue, or the gate is closed: the caller gains nothing by looking out for more
    }

    /// <summary>
    /// Admits nobody from now on, and refuses the tickets that queue. When the last waiting task has left, the drained callback comes
    /// once.
    /// </summary>
    public void Close()
    {
        Refuse(andStay: Closed);
        NoticeDrained(Volatile.Read(ref _state));
    }

    /// <summary>Refuses the tickets that queue now.</summary>
    public void RefuseQueued() => Refuse(andStay: 0);

    private void Refuse(long andStay)
    {
        List<AdmissionTicket> refused = [];
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            while (_queue.First is { } ticket)
            {
                _queue.Remove(ticket);
                refused.Add(ticket);
            }

            Interlocked.Or(ref _state, andStay);
            if (!_isAdmitting) Interlocked.And(ref _state, ~Contended);
        }

        foreach (var ticket in refused) ticket.Refuse();
    }

    /// <summary>True if the ticket was still queueing: it has left the queue then, and its item never enters.</summary>
    public bool TryWithdraw(AdmissionTicket ticket)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!ticket.IsQueued) return false;
            _queue.Remove(ticket);
            if (_queue.First is null && !_isAdmitting) Interlocked.And(ref _state, ~Contended);
            return true;
        }
    }

    private Admission TryAdd(long shutBy, int bound, int count = 1)
    {
        var seen = Volatile.Read(ref _state);
        while (true)
        {
            if ((seen & Closed) != 0) return Admission.Closed;
            if ((seen & shutBy) != 0 || (seen & WaitingMask) > bound - count) return Admission.Full;
            var before = Interlocked.CompareExchange(ref _state, seen + (count * OneAccepted), seen);
            if (before == seen) return Admission.Entered;
            seen = before;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        using (Uninterrupted.Enter(_lock)) _isHandedOver = false;
        AdmitQueued();
    }

    /// <summary>Admits a few tickets, if there is room for them and nobody else does. Returns whether it has admitted any.</summary>
    public bool AdmitQueued()
    {
        Schedule.Point();
        if ((Volatile.Read(ref _state) & Contended) == 0) return false;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_isAdmitting) return false;   // the thread that admits looks again before it stops
            _isAdmitting = true;
        }

        var mayAdmit = Schedule.Scale(MostAtOnce, 1);
        var hasAdmitted = false;
        while (TryTakeFirst(mayAdmit--, out var ticket))
        {
            hasAdmitted = true;
            ticket.Admit();
        }

        return hasAdmitted;
    }

    /// <summary>For the thread that admits. False if it is to stop: then it does not admit any more.</summary>
    private bool TryTakeFirst(int mayAdmit, [NotNullWhen(true)] out AdmissionTicket? ticket)
    {
        bool isRoomLeft, isToBeQueued;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            ticket = _queue.First;
            if (ticket is not null && mayAdmit > 0 && TryAdd(0, capacity) == Admission.Entered)
            {
                _queue.Remove(ticket);
                return true;
            }

            Volatile.Write(ref _isAdmitting, false);
            if (ticket is null) Interlocked.And(ref _state, ~Contended);
            isRoomLeft = mayAdmit <= 0 && HasRoomForQueued;   // else whoever makes room from here on finds nobody admitting
            isToBeQueued = isRoomLeft && !_isHandedOver;
            _isHandedOver |= isRoomLeft;
        }

        ticket = null;
        if (isRoomLeft) onRoomLeft?.Invoke();
        if (isToBeQueued) Schedule.Queue(this, preferLocal: false);
        return false;
    }

    private void NoticeDrained(long state)
    {
        Schedule.Point();
        // Once the gate is closed, the count only falls, but for tasks that are tried again: those keep the troupe themselves. So a
        // thread that sees zero here sees the end of all others.
        if ((state & Closed) != 0 && (state & WaitingMask) == 0 && Interlocked.Exchange(ref _drained, 1) == 0) onDrained();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        var state = Volatile.Read(ref _state);
        Debug.Assert(_queue.First is null || (state & Contended) != 0, "the fast way in is shut while a ticket queues");
        Debug.Assert((state & Closed) == 0 || _queue.First is null, "nobody queues at a closed gate");
        var maySwitchBack = _queue.First is null && !_isAdmitting;
        Debug.Assert(!maySwitchBack || (state & Contended) == 0, "the fast way in is open while no ticket queues");
    }
}
