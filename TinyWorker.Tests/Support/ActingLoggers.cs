using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Support;

/// <summary>A logger that runs a test's code when it is asked whether a level is enabled, and when it logs. FakeLogger cannot.</summary>
internal sealed class ActingLoggers : ILoggerFactory, ILogger
{
    /// <summary>Runs when the logger is asked whether a level is enabled. The level is enabled.</summary>
    public Action<LogLevel>? OnAsked { get; set; }

    /// <summary>Runs when the logger logs.</summary>
    public Action<LogLevel>? OnLog { get; set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        OnAsked?.Invoke(logLevel);
        return true;
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        OnLog?.Invoke(logLevel);

    public void Dispose()
    {
    }
}
