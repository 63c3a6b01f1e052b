using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>Every message that a host logs about its tasks; that about its connection is in the folder of the broker.</summary>
internal static partial class Log
{
    [LoggerMessage(221, LogLevel.Information, "{Troupe}: host '{Host}' takes tasks, {Prefetch} at a time.")]
    public static partial void Consuming(ILogger logger, string troupe, string host, int prefetch);

    [LoggerMessage(
        222, LogLevel.Warning,
        "{Troupe}: the local troupe runs no tasks ({Condition}). Host '{Host}' gives its tasks back and takes none until that is over.")]
    public static partial void TroupeIsDown(ILogger logger, string troupe, string host, string condition, Exception? exception);

    [LoggerMessage(223, LogLevel.Information, "{Troupe}: the local troupe runs tasks again ({Condition}). Host '{Host}' takes tasks.")]
    public static partial void TroupeIsUp(ILogger logger, string troupe, string host, TroupeCondition condition);

    [LoggerMessage(
        224, LogLevel.Error,
        "{Troupe}: the local troupe was stopped, and its host '{Host}' was not. It takes no more tasks. Stop the host first.")]
    public static partial void TroupeIsGone(ILogger logger, string troupe, string host);

    [LoggerMessage(
        225, LogLevel.Warning,
        "{Troupe}: task {TaskId} has the contract \"{Contract}\", and this host has \"{OwnContract}\". It was refused.")]
    public static partial void Refused(ILogger logger, string troupe, string taskId, string contract, string ownContract);

    [LoggerMessage(
        226, LogLevel.Warning,
        "{Troupe}: a message without an id came through '{Queue}'. It is no task, and lies among the dead letters now.")]
    public static partial void NoTask(ILogger logger, string troupe, string queue);

    [LoggerMessage(
        227, LogLevel.Warning,
        "{Troupe}: task {TaskId} was delivered {Deliveries} times and has not ended. Its hosts may have died of it: it goes to the " +
        "suspects.")]
    public static partial void Suspected(ILogger logger, string troupe, string taskId, int deliveries);

    [LoggerMessage(228, LogLevel.Warning, "{Troupe}: task {TaskId} faulted, and nobody waits for its reply: {Error}")]
    public static partial void PostedTaskFaulted(ILogger logger, string troupe, string taskId, string error);

    [LoggerMessage(
        229, LogLevel.Warning,
        "{Troupe}: the reply queue '{Queue}' of task {TaskId} did not take the reply within {Patience}. " +
        "The reply is kept, and the task goes back to the broker; when it comes again, the reply is sent again.")]
    public static partial void ReplyUnanswered(ILogger logger, string troupe, string queue, string taskId, TimeSpan patience);

    [LoggerMessage(230, LogLevel.Debug, "{Troupe}: the reply queue '{Queue}' of task {TaskId} is gone, and so is its submitter.")]
    public static partial void ReplyUnroutable(ILogger logger, string troupe, string queue, string taskId);

    [LoggerMessage(
        231, LogLevel.Warning,
        "{Troupe}: task {TaskId} has run for {Minutes:0} minutes. After 30 minutes (consumer_timeout in rabbitmq.conf, unless it was " +
        "changed) the broker closes the channel, and gives the task to a host again. Raise consumer_timeout, or make shorter tasks.")]
    public static partial void NearConsumerTimeout(ILogger logger, string troupe, string taskId, double minutes);

    [LoggerMessage(232, LogLevel.Debug, "{Troupe}: host '{Host}' takes {Prefetch} tasks at a time now; it was {Before}.")]
    public static partial void PrefetchChanged(ILogger logger, string troupe, string host, int prefetch, int before);

    [LoggerMessage(
        233, LogLevel.Information,
        "{Troupe}: host '{Host}' stops. {Waiting} tasks that wait go back to the broker; {Running} that run may end.")]
    public static partial void Stopping(ILogger logger, string troupe, string host, int waiting, int running);

    [LoggerMessage(
        234, LogLevel.Warning,
        "{Troupe}: host '{Host}' was to stop, and {Running} tasks have not ended within the DrainTimeout of {DrainTimeout}. " +
        "They are cancelled and go back to the broker.")]
    public static partial void DrainTimedOut(ILogger logger, string troupe, string host, int running, TimeSpan drainTimeout);

    [LoggerMessage(235, LogLevel.Information, "{Troupe}: host '{Host}' has stopped.")]
    public static partial void Stopped(ILogger logger, string troupe, string host);

    [LoggerMessage(236, LogLevel.Error, "{Troupe}: host '{Host}' could not take a delivery. It goes back to the broker.")]
    public static partial void DeliveryFailed(ILogger logger, string troupe, string host, Exception exception);

    [LoggerMessage(
        237, LogLevel.Warning,
        "{Troupe}: host '{Host}' hears of no cancellations yet: its queue for them could not be made. It tries again.")]
    public static partial void NoControl(ILogger logger, string troupe, string host, Exception exception);

    [LoggerMessage(
        238, LogLevel.Information,
        "{Troupe}: {Slow} replies wait for queues that take none. Host '{Host}' takes further tasks beside them.")]
    public static partial void PlacesFreed(ILogger logger, string troupe, string host, int slow);

    [LoggerMessage(239, LogLevel.Error, "{Troupe}: a listener to the spans of tasks threw.")]
    public static partial void ListenerFailed(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(
        240, LogLevel.Warning,
        "{Troupe}: task {TaskId} asks for its reply in '{Queue}', which is no reply queue of this troupe. It was not run, and lies among " +
        "the dead letters now.")]
    public static partial void ForeignReplyQueue(ILogger logger, string troupe, string taskId, string queue);
}
