using System.Numerics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// The accepted tasks of a troupe that wait for their input. Only an abort and a broken troupe look through it: those must end tasks
/// that nothing else would ever end.
/// </summary>
/// <remarks>
/// Seats, each either free or taken. To sit down and to get up is one compare-and-swap on the seat, so whoever swaps an item out has it,
/// alone; there is no lock that submitters and workers meet at. The seats are in rows, each twice as long as the one before; a row
/// never moves, so its seats may be used while the next is added. Who sits down goes round the seats from where the last one sat
/// down; as there are at least twice as many seats as tasks that wait (or a row is added), a free one is near.
/// </remarks>
/// <param name="waiting">How many wait, at the most.</param>
internal sealed class WaitingRoom<TItem>(Func<int> waiting)
    where TItem : class, IWaitingItem
{
    private const int FirstRow = 64;   // seats; a power of two

    private readonly Lock _lock = new();
    private Seat[][] _rows = [new Seat[FirstRow]];   // replaced under _lock by a longer one
    private uint _next;                              // where the next one looks first

    public void Add(TItem item)
    {
        for (var passed = 1; ; passed++)
        {
            var rows = Volatile.Read(ref _rows);
            var seats = FirstRow * ((1 << rows.Length) - 1);
            // Every few seats only: to count those who wait touches what all submitters write.
            if (passed % 8 == 0 && seats < 2 * (long)waiting())
            {
                AddRow(rows);
                continue;
            }

            var number = (int)(Interlocked.Increment(ref _next) % (uint)seats);
            ref var seat = ref SeatOf(rows, number).Item;
            if (Volatile.Read(ref seat) is not null) continue;
            item.Seat = number;
            Schedule.Point();
            if (Interlocked.CompareExchange(ref seat, item, null) is null) return;   // or somebody else was faster: the next seat
        }
    }

    /// <summary>False if it was not there any more, or never was: the first seat is then somebody else's.</summary>
    public bool Remove(TItem item)
    {
        Schedule.Point();
        return Interlocked.CompareExchange(ref SeatOf(Volatile.Read(ref _rows), item.Seat).Item, null, item) == item;
    }

    /// <summary>How many sit there, about: others come and go meanwhile.</summary>
    public int Count() => Volatile.Read(ref _rows).Sum(static row => row.Count(static seat => seat.Item is not null));

    /// <summary>Takes out everybody who is there when their seat is looked at.</summary>
    public IEnumerable<TItem> TakeAll()
    {
        foreach (var row in Volatile.Read(ref _rows))
        {
            Schedule.Point();
            for (var i = 0; i < row.Length; i++)
                if (Interlocked.Exchange(ref row[i].Item, null) is { } item) yield return item;
        }
    }

    private static ref Seat SeatOf(Seat[][] rows, int number)
    {
        // Row r starts at FirstRow * (2^r - 1).
        var r = BitOperations.Log2((uint)(number / FirstRow) + 1);
        return ref rows[r][number - FirstRow * ((1 << r) - 1)];
    }

    private void AddRow(Seat[][] seen)
    {
        lock (_lock)
        {
            if (_rows != seen) return;   // somebody else has
            Volatile.Write(ref _rows, [.. _rows, new Seat[FirstRow << _rows.Length]]);
        }
    }

    // A struct: an array of references would check the type of each one that is written.
    private struct Seat
    {
        public TItem? Item;
    }
}
