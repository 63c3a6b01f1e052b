using Microsoft.Extensions.Logging;

namespace TinyWorker.Backends.Processes;

/// <summary>The logger of a child's troupe: hands on what only a log is told of. All else comes to the parent as what it is.</summary>
internal sealed class ChildLog(Action<Exception> onCallbackFault) : ILoggerFactory, ILogger
{
    /// <summary>What the worker's disposal threw.</summary>
    public Exception? DisposalFault { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    // The interfaces have these two; the library uses neither.
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == Diagnostics.Log.WorkerDisposeFailedId) DisposalFault = exception;
        else if (eventId.Id == Diagnostics.Log.CallbackFaultedId) onCallbackFault(exception!);
    }

    public void Dispose()
    {
    }
}
