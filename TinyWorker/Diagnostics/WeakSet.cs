using System.Collections;
using System.Runtime.CompilerServices;

namespace TinyWorker.Diagnostics;

/// <summary>A set that keeps nothing of what is in it alive. Thread-safe.</summary>
internal sealed class WeakSet<T> : IEnumerable<T>
    where T : class
{
    private static readonly object Nothing = new();

    private readonly ConditionalWeakTable<T, object> _items = [];

    public void Add(T item) => _items.Add(item, Nothing);

    public void Remove(T item) => _items.Remove(item);

    public IEnumerator<T> GetEnumerator()
    {
        foreach (var (item, _) in (IEnumerable<KeyValuePair<T, object>>)_items) yield return item;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();   // the interface has it
}
