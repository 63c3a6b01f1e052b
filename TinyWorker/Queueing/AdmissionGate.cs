using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// The bound of a troupe: at most <c>capacity</c> tasks are accepted and not yet started. First come, first served.
/// </summary>
/// <remarks>
/// Everything that must be seen together is one word, _state: how many were accepted (its upper half, modulo 2^32), how many wait
/// for a worker (the lower 30 bits), and two flags. An acceptance and a departure are one atomic step each.
/// While somebody queues (Contended), the fast way in is shut, so that nobody overtakes. A submitter sets Contended under the lock
/// before it looks for room; a departure looks at Contended in the very state that it left behind: so either the submitter sees the
/// room or the departing task sees the submitter, and no wake-up is lost. One thread at a time admits those who queue, in order and
/// outside the lock, and puts their items where they wait on the submitters' behalf: a place is filled the moment it is free, not
/// when a submitter's thread has woken up.
/// </remarks>
internal sealed class AdmissionGate(int capacity, Action onDrained)
{
    private const long WaitingMask = (1L << 30) - 1;
    private const long Contended = 1L << 30;
    private const long Closed = 1L << 31;
    private const long OneAccepted = (1L << 32) + 1;

    private readonly Lock _lock = new();
    private readonly TicketQueue _queue = new();   // guarded by _lock
    private bool _isAdmitting;                     // guarded by _lock; one thread admits at a time
    private long _state;
    private int _drained;                          // set once, by who finds the gate closed and nobody waiting

    /// <summary>Tasks accepted so far, modulo 2^32, and tasks waiting: read in one step.</summary>
    public (uint Accepted, int Waiting) Read()
    {
        var state = Volatile.Read(ref _state);
        return ((uint)(state >>> 32), (int)(state & WaitingMask));
    }

    /// <summary>Takes a place if there is one and nobody queues for it. The caller then enters its item itself.</summary>
    public Admission TryEnter()
    {
        Schedule.Point();
        return TryAdd(Contended, capacity);
    }

    /// <summary>Takes a place whether there is one or not: for submitters inside a worker, who must not block.</summary>
    public Admission EnterPastTheBound() => TryAdd(0, int.MaxValue);

    /// <summary>Queues for a place. The ticket ends when its item has entered, the gate was closed, or it was withdrawn.</summary>
    public void Queue(AdmissionTicket ticket)
    {
        bool closed;
        Schedule.Point();
        lock (_lock)
        {
            closed = (Interlocked.Or(ref _state, Contended) & Closed) != 0;
            if (closed) Interlocked.And(ref _state, ~Contended);
            else _queue.Add(ticket);
            AssertInvariants_NeedsLock();
        }

        if (closed) ticket.Refuse();
        else if (!Schedule.IsPlanted(PlantedBug.LostWakeUp)) AdmitThoseWhoQueue();
    }

    /// <summary>A task that waited was taken by a worker, or has ended: its place is free. To be called once for each acceptance.</summary>
    /// <returns>Whether it was the last that waited.</returns>
    public bool Leave()
    {
        Schedule.Point();
        var left = Interlocked.Decrement(ref _state);
        if ((left & (Contended | Closed)) == 0) return (left & WaitingMask) == 0;
        if ((left & Contended) != 0) AdmitThoseWhoQueue();
        NoticeDrained(left);
        return false;   // there is a crowd, or the end
    }

    /// <summary>Lets nobody in any more, and sends away those who queue. When the last waiting task has left, the drained callback comes once.</summary>
    public void Close()
    {
        List<AdmissionTicket> refused = [];
        Schedule.Point();
        lock (_lock)
        {
            while (_queue.First is { } ticket)
            {
                _queue.Remove(ticket);
                refused.Add(ticket);
            }

            Interlocked.Or(ref _state, Closed);
            if (!_isAdmitting) Interlocked.And(ref _state, ~Contended);
            AssertInvariants_NeedsLock();
        }

        foreach (var ticket in refused) ticket.Refuse();
        NoticeDrained(Volatile.Read(ref _state));
    }

    /// <summary>True if the ticket was still queueing: it is gone from the queue then, and its item never enters.</summary>
    public bool TryWithdraw(AdmissionTicket ticket)
    {
        Schedule.Point();
        lock (_lock)
        {
            if (!ticket.IsQueued) return false;
            _queue.Remove(ticket);
            if (_queue.First is null && !_isAdmitting) Interlocked.And(ref _state, ~Contended);
            AssertInvariants_NeedsLock();
            return true;
        }
    }

    private Admission TryAdd(long shutBy, int bound)
    {
        var seen = Volatile.Read(ref _state);
        while (true)
        {
            if ((seen & Closed) != 0) return Admission.Closed;
            if ((seen & shutBy) != 0 || (seen & WaitingMask) >= bound) return Admission.Full;
            var before = Interlocked.CompareExchange(ref _state, seen + OneAccepted, seen);
            if (before == seen) return Admission.Entered;
            seen = before;
        }
    }

    private void AdmitThoseWhoQueue()
    {
        Schedule.Point();
        lock (_lock)
        {
            if (_isAdmitting) return;   // that thread looks again before it stops
            _isAdmitting = true;
        }

        while (true)
        {
            AdmissionTicket next;
            Schedule.Point();
            lock (_lock)
            {
                if (Schedule.IsPlanted(PlantedBug.KeptSlot) && _queue.First is null) TryAdd(0, capacity);
                if (_queue.First is not { } first || TryAdd(0, capacity) != Admission.Entered)
                {
                    _isAdmitting = false;
                    if (_queue.First is null) Interlocked.And(ref _state, ~Contended);
                    AssertInvariants_NeedsLock();
                    return;
                }

                next = first;
                _queue.Remove(first);
            }

            next.Admit();
        }
    }

    private void NoticeDrained(long state)
    {
        Schedule.Point();
        // Once closed, the count only falls: who sees zero here sees the end.
        if ((state & Closed) != 0 && (state & WaitingMask) == 0 && Interlocked.Exchange(ref _drained, 1) == 0) onDrained();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        var state = Volatile.Read(ref _state);
        Debug.Assert(_queue.First is null || (state & Contended) != 0, "the fast way in is shut while somebody queues");
        Debug.Assert((state & Closed) == 0 || _queue.First is null, "nobody queues at a closed gate");
    }
}
