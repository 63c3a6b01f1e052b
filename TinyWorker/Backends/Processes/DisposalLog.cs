using Microsoft.Extensions.Logging;

namespace TinyWorker.Backends.Processes;

/// <summary>The logger of a child's troupe: keeps what its worker's disposal threw. All else is told to the parent as what it is.</summary>
internal sealed class DisposalLog : ILoggerFactory, ILogger
{
    public Exception? Exception { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == Diagnostics.Log.WorkerDisposeFailedId) Exception = exception;
    }

    public void Dispose()
    {
    }
}
