namespace TinyWorker.Streaming;

/// <summary>
/// Whose turn it is in one enumeration of a map: nobody's, the one MoveNext that runs, or the end's. It lets an enumeration be left while
/// MoveNext runs (from the source, from the progress, from another thread): then that MoveNext ends the map, and nobody waits for it.
/// </summary>
/// <remarks>
/// Each arrow is one compare-and-swap, so it has one winner: Idle to Busy and back (MoveNext), Idle to Over (Dispose; it ends the map
/// itself), Busy to Leaving (Dispose; it only asks), Leaving to Over (the MoveNext that was asked, once it has ended the map).
/// </remarks>
internal sealed class MapTurn
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Leaving = 2;
    private const int Over = 3;

    private int _state;
    private Action? _wake;                   // set once, by the reader: makes a MoveNext that waits look at IsLeaving
    private int _caller;                     // the thread that is inside the call of MoveNextAsync; 0 for none
    private SynchronizationContext? _context;   // of that caller

    /// <summary>Whether the enumeration was left while MoveNext runs: the map is to end, and nothing more is to be submitted.</summary>
    public bool IsLeaving => Volatile.Read(ref _state) == Leaving;

    /// <summary>
    /// Whether this code runs inside the call of MoveNextAsync, before the call returns: on the thread of the caller, while the caller
    /// does nothing else.
    /// </summary>
    public bool IsInsideTheCall => Volatile.Read(ref _caller) == Environment.CurrentManagedThreadId;

    /// <summary>Where the last MoveNextAsync was called; null for no context.</summary>
    public SynchronizationContext? Context => _context;

    /// <summary>MoveNext begins. False if the enumeration is over.</summary>
    /// <exception cref="InvalidOperationException">Another MoveNext runs.</exception>
    public bool TryBegin()
    {
        var before = Interlocked.CompareExchange(ref _state, Busy, Idle);
        return before switch
        {
            Idle => true,
            Over => false,
            _ => throw new InvalidOperationException(
                "MoveNext of a map was called while another MoveNext of the same enumeration runs. " +
                "An enumeration is for one thread at a time: give each thread an enumeration of its own."),
        };
    }

    /// <summary>MoveNext ends. False if the enumeration was left meanwhile: the caller ends the map, and yields nothing.</summary>
    public bool TryEnd()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) == Busy) return true;
        Volatile.Write(ref _state, Over);
        return false;
    }

    /// <summary>The map has ended.</summary>
    public void Finish() => Volatile.Write(ref _state, Over);

    /// <summary>Dispose begins. True if the caller is to end the map; false if it has ended, or if MoveNext runs and ends it.</summary>
    public bool TryLeave()
    {
        switch (Interlocked.CompareExchange(ref _state, Over, Idle))
        {
            case Idle:
                return true;
            case Busy when Interlocked.CompareExchange(ref _state, Leaving, Busy) == Busy:
                Volatile.Read(ref _wake)?.Invoke();
                return false;
            case Busy:
                return TryLeave();   // MoveNext has just ended
            default:
                return false;
        }
    }

    public void WakeWith(Action wake)
    {
        Volatile.Write(ref _wake, wake);
        Interlocked.MemoryBarrier();   // the reader looks at IsLeaving before it waits
    }

    /// <summary>To be called around the call of the MoveNextAsync of the iterator inside.</summary>
    public void EnterCall()
    {
        _context = SynchronizationContext.Current;
        Volatile.Write(ref _caller, Environment.CurrentManagedThreadId);
    }

    /// <inheritdoc cref="EnterCall"/>
    public void LeaveCall() => Volatile.Write(ref _caller, 0);
}
