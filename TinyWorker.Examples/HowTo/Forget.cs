using Microsoft.Extensions.Logging;

namespace TinyWorker.Examples;

internal static class Forget
{
    public static async Task RunAsync()
    {
        using var logging = new PrintedLog();
        // <sample>
        await using (var mails = new TinyTroupe<string, bool>(SendAsync, new PoolTroupeOptions { Workers = 4, LoggerFactory = logging }))
        {
            foreach (var address in new[] { "ann@example.org", "nobody", "bob@example.org" })
                await mails.SubmitAsync(address);   // waits for room, and drops the future
        }

        static async Task<bool> SendAsync(string address, CancellationToken token)
        {
            if (!address.Contains('@')) throw new FormatException($"'{address}' is no address");
            await Task.Delay(10, token);   // stands for sending
            return true;
        }
        // </sample>
    }

    /// <summary>Prints warnings and errors in a line each; a program has the logging of its host here.</summary>
    private sealed class PrintedLog : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Console.WriteLine($"{logLevel}, event {eventId.Id}: {exception?.Message}");
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
