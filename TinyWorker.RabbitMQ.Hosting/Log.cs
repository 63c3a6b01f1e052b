using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>Every message that the package logs.</summary>
internal static partial class Log
{
    public const string Category = "TinyWorker.RabbitMQ.Hosting";

    [LoggerMessage(
        201, LogLevel.Error,
        "{Troupe}: the host of the troupe has ended with an error, and takes no tasks until the program is started again.")]
    public static partial void HostFailed(ILogger logger, string troupe, Exception exception);
}
