using Microsoft.Extensions.Logging;

namespace TinyWorker.Processes.Child;

/// <summary>
/// The logger of the troupe in a child. It forwards the failures of which only a log is told. The parent learns of all others by their
/// frames.
/// </summary>
internal sealed class ForwardingLogger(Action<Exception> onCallbackFault) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    // The interfaces have these two; the library uses neither.
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == Diagnostics.Log.CallbackFaultedId) onCallbackFault(exception!);
    }

    public void Dispose()
    {
    }
}
