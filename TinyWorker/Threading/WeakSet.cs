using System.Collections;
using System.Runtime.CompilerServices;

namespace TinyWorker.Threading;

/// <summary>A set that does not keep its items alive. It is read in the order in which they were added. Thread-safe.</summary>
internal sealed class WeakSet<T> : IEnumerable<T>
    where T : class
{
    private readonly ConditionalWeakTable<T, object> _numbers = [];   // of each item, counted up
    private long _added;

    public void Add(T item) => _numbers.Add(item, Interlocked.Increment(ref _added));

    public void Remove(T item) => _numbers.Remove(item);

    public IEnumerator<T> GetEnumerator()
    {
        IEnumerable<KeyValuePair<T, object>> numbered = _numbers;
        foreach (var (item, _) in numbered.OrderBy(static entry => (long)entry.Value)) yield return item;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();   // the interface has it
}
