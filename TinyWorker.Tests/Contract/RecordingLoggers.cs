using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Contract;

/// <summary>Keeps the exceptions that were logged, and the ids of all messages.</summary>
internal sealed class RecordingLoggers : ILoggerFactory, ILogger
{
    public ConcurrentQueue<Exception> Exceptions { get; } = new();

    public ConcurrentQueue<int> EventIds { get; } = new();

    public int CountOf(int eventId) => EventIds.Count(id => id == eventId);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        EventIds.Enqueue(eventId.Id);
        if (exception is not null) Exceptions.Enqueue(exception);
    }

    public void Dispose()
    {
    }
}
