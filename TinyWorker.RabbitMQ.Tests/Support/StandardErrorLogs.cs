using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Logs to the standard error, whose end a test shows when it fails.</summary>
internal sealed class StandardErrorLogs : ILoggerFactory, ILogger
{
    public static ILoggerFactory Factory { get; } = new StandardErrorLogs();

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
