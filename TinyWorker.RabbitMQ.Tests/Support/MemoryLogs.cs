using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Keeps what is logged, exceptions with all their text.</summary>
internal sealed class MemoryLogs : ILoggerFactory, ILogger
{
    private readonly Queue<string> _lines = [];

    /// <summary>What was logged, the oldest first, at most the last 2000 lines.</summary>
    public IReadOnlyList<string> Lines
    {
        get { lock (_lines) return [.. _lines]; }
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel}: {formatter(state, exception)} {exception}");
            if (_lines.Count > 2000) _lines.Dequeue();
        }
    }

    public override string ToString() => string.Join('\n', Lines.TakeLast(60));

    public void Dispose()
    {
    }
}
