using System.Collections.Concurrent;

namespace TinyWorker.Tests.Support;

/// <summary>
/// The messages of all exceptions that <see cref="TaskScheduler.UnobservedTaskException"/> has raised since this was made.
/// </summary>
internal sealed class RaisedFaults : IDisposable
{
    private readonly ConcurrentQueue<string> _messages = new();

    public RaisedFaults() => TaskScheduler.UnobservedTaskException += Note;

    public int Count => _messages.Count;

    public int CountOf(string message) => _messages.Count(raised => raised == message);

    public override string ToString() => $"[{string.Join(", ", _messages)}]";

    public void Dispose() => TaskScheduler.UnobservedTaskException -= Note;

    private void Note(object? sender, UnobservedTaskExceptionEventArgs raised)
    {
        foreach (var exception in raised.Exception.InnerExceptions) _messages.Enqueue(exception.Message);
    }
}
