using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>What a submitting side says in the log. Event ids 221 to 229.</summary>
internal static partial class SubmittingLog
{
    [LoggerMessage(
        221, LogLevel.Warning,
        "'{Troupe}' takes another queue for its replies, and sends its tasks again. It gives up '{ReplyQueue}': {Reason}.")]
    public static partial void ReplyQueueGivenUp(ILogger logger, string troupe, string replyQueue, string reason);

    [LoggerMessage(
        222, LogLevel.Warning,
        "A task of '{Troupe}' found no queue: '{Queue}' is missing. It is declared again, and what is under way is sent again.")]
    public static partial void QueueMissing(ILogger logger, string troupe, string queue);

    [LoggerMessage(
        223, LogLevel.Debug,
        "'{Troupe}' has ended, and could not delete its reply queue '{ReplyQueue}': {Reason} The broker lets it expire.")]
    public static partial void ReplyQueueStays(ILogger logger, string troupe, string replyQueue, string reason);
}
