namespace TinyWorker.Backends.Processes.Launching;

/// <summary>The last lines of many. Thread-safe.</summary>
internal sealed class RecentLines(int capacity)
{
    private readonly Queue<string> _lines = new(capacity);   // guarded by the lock on itself

    public void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count == capacity) _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    public string[] Read()
    {
        lock (_lines) return [.. _lines];
    }
}
