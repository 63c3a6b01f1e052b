using System.Diagnostics;
using System.Numerics;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>An item of the <see cref="WaitingRoom{TItem}"/>: it knows its slot, so that leaving needs no search.</summary>
internal interface IWaitingItem
{
    /// <summary>Written before the item is put into the slot. Once it has been taken out, this may be any other number.</summary>
    int Slot { get; set; }
}

/// <summary>
/// The accepted tasks of a troupe that wait for their input. Only an abort and a broken troupe look through it: those must end tasks
/// that nothing else would ever end.
/// </summary>
/// <remarks>
/// An array of slots, each free or taken. To enter and to leave is one compare-and-swap on the slot: whoever swaps an item out owns it
/// alone, and there is no lock at which submitters and workers meet. The slots are in rows, each twice as long as the row before. A row
/// never moves, so its slots can be used while the next row is added. An item tries one slot after the other, from where the last item
/// entered. There are at least twice as many slots as waiting tasks (or a row is added), so a free slot is near.
/// </remarks>
/// <param name="waiting">How many tasks wait, at the most.</param>
internal sealed class WaitingRoom<TItem>(Func<int> waiting)
    where TItem : class, IWaitingItem
{
    private const int FirstRow = 64;   // slots; a power of two

    private readonly Lock _lock = new();
    private Slot[][] _rows = [new Slot[FirstRow]];   // replaced under _lock by a longer array
    private uint _next;                              // where the next item looks first

    public void Add(TItem item)
    {
        for (var passed = 1; ; passed++)
        {
            var rows = Volatile.Read(ref _rows);
            var slots = SlotsIn(rows);
            // Only at every eighth slot: the count of waiting tasks is in a word that all submitters write.
            if (passed % 8 == 0 && slots < 2 * (long)waiting())
            {
                AddRow(rows);
                continue;
            }

            var number = (int)(Interlocked.Increment(ref _next) % (uint)slots);
            ref var slot = ref SlotAt(rows, number).Item;
            if (Volatile.Read(ref slot) is not null) continue;
            item.Slot = number;
            Schedule.Point();
            if (Interlocked.CompareExchange(ref slot, item, null) is null) return;   // else another item was faster: the next slot
        }
    }

    /// <summary>
    /// False if the item is not there: it was taken out, or never entered. Then the slot of its number holds another item, or none, or is not
    /// there.
    /// </summary>
    public bool Remove(TItem item)
    {
        Schedule.Point();
        var rows = Volatile.Read(ref _rows);
        var number = item.Slot;
        return number < SlotsIn(rows) && Interlocked.CompareExchange(ref SlotAt(rows, number).Item, null, item) == item;
    }

    /// <summary>About how many items are there: others enter and leave meanwhile.</summary>
    public int Count()
    {
        var count = 0;
        foreach (var row in Volatile.Read(ref _rows))
            foreach (ref var slot in row.AsSpan())
                if (slot.Item is not null) count++;
        return count;
    }

    /// <summary>Takes out every item that is in its slot when the slot is looked at.</summary>
    public IEnumerable<TItem> TakeAll()
    {
        foreach (var row in Volatile.Read(ref _rows))
        {
            Schedule.Point();
            for (var i = 0; i < row.Length; i++)
                if (Interlocked.Exchange(ref row[i].Item, null) is { } item) yield return item;
        }
    }

    private static int SlotsIn(Slot[][] rows) => FirstRow * ((1 << rows.Length) - 1);

    private static ref Slot SlotAt(Slot[][] rows, int number)
    {
        // Row r starts at FirstRow * (2^r - 1).
        var r = BitOperations.Log2((uint)(number / FirstRow) + 1);
        return ref rows[r][number - (FirstRow * ((1 << r) - 1))];
    }

    private void AddRow(Slot[][] seen)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_rows != seen) return;   // another thread has added it
            Volatile.Write(ref _rows, [.. _rows, new Slot[FirstRow << _rows.Length]]);
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        for (var r = 0; r < _rows.Length; r++)
            Debug.Assert(_rows[r].Length == FirstRow << r, "each row is twice as long as the row before");
    }

    // A struct: an array of references would check the type of each one that is written.
    private struct Slot
    {
        public TItem? Item;
    }
}
