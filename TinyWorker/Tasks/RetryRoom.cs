using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// Tasks that wait out a pause before they are run again: they hold no worker, and are not in the queue. Each leaves once: when its pause
/// is over, when it has ended, or when all are taken out.
/// </summary>
/// <param name="clock">The clock of the pauses.</param>
/// <param name="onDue">Called when a pause is over, outside the lock, on the thread of the timer.</param>
internal sealed class RetryRoom<TItem>(TimeProvider clock, Action<TItem> onDue)
    where TItem : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TItem, ITimer> _pausing = [];   // guarded by _lock

    public int Count
    {
        get
        {
            using (Uninterrupted.Enter(_lock)) return _pausing.Count;
        }
    }

    public void Add(TItem item, TimeSpan pause)
    {
        // Set once the item is in: some clocks call at once, on the thread that sets the timer.
        var timer = Timers.Create(clock, static state => ((Pause)state!).End(), new Pause(this, item));
        using (Uninterrupted.Enter(_lock)) _pausing.Add(item, timer);
        timer.Change(pause, Timeout.InfiniteTimeSpan);
    }

    public bool Remove(TItem item)
    {
        ITimer? timer;
        using (Uninterrupted.Enter(_lock))
        {
            if (!_pausing.Remove(item, out timer)) return false;
        }

        timer.Dispose();
        return true;
    }

    public IReadOnlyList<TItem> TakeAll()
    {
        KeyValuePair<TItem, ITimer>[] taken;
        using (Uninterrupted.Enter(_lock))
        {
            taken = [.. _pausing];
            _pausing.Clear();
        }

        foreach (var (_, timer) in taken) timer.Dispose();
        return Array.ConvertAll(taken, static pair => pair.Key);
    }

    private void OnDue(TItem item) => onDue(item);

    private sealed record Pause(RetryRoom<TItem> Room, TItem Item)
    {
        public void End()
        {
            if (Room.Remove(Item)) Room.OnDue(Item);
        }
    }
}
