using Microsoft.Extensions.Logging;
using TinyWorker.Backends;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The user's logger, whose own exceptions are its own affair: a troupe logs on timers and between two steps of a task. It cannot await, and may block:
/// so it runs without a worker's context.
/// </summary>
internal sealed class SafeLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);   // the library opens none

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            using var withoutContext = new WithoutContext();
            return logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            using var withoutContext = new WithoutContext();
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }
}
