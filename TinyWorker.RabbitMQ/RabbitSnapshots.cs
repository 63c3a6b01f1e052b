namespace TinyWorker.RabbitMQ;

/// <summary>How the connection to the broker is.</summary>
public enum RabbitConnectionState
{
    /// <summary>There is none; the next try comes soon.</summary>
    Down,

    /// <summary>It is being made.</summary>
    Connecting,

    /// <summary>It is there.</summary>
    Ready,

    /// <summary>It is there, and the broker takes nothing at the moment: it lacks memory or disk space.</summary>
    Blocked,

    /// <summary>There is none and will be none: the broker refused for a reason that no waiting mends.</summary>
    Failed,

    /// <summary>The troupe or the host was stopped.</summary>
    Closed,
}

/// <summary>What a submitting side knows of its broker, at one moment.</summary>
/// <param name="Connection">How the connection is.</param>
/// <param name="Endpoint">The node that it is connected to; null while there is none.</param>
/// <param name="ReplyQueue">The queue of this object's replies; null before the first connection.</param>
/// <param name="Sent">Messages with tasks that were sent so far, those sent again included.</param>
/// <param name="Stored">How many of them the broker has confirmed.</param>
/// <param name="SentAgain">How many of them were sent again, because a connection or a queue was lost.</param>
/// <param name="Rejected">How often the broker rejected one because its queue was full.</param>
/// <param name="Returned">How often there was no queue for one.</param>
/// <param name="LateReplies">Replies to tasks that had ended before.</param>
/// <param name="DeadLettered">Tasks that ended with <see cref="TaskDeadLetteredException"/>.</param>
/// <param name="Reconnects">How often the connection was made again.</param>
/// <param name="Ready">Tasks that wait in the queue for a host, of all submitters; null if it is not known. At most some seconds old.</param>
/// <param name="Suspects">Tasks that wait in the queue of suspects; null if it is not known.</param>
/// <param name="DeadLetters">Tasks among the dead letters; null if it is not known.</param>
/// <param name="Hosts">Hosts that take tasks from the queue; null if it is not known.</param>
/// <param name="LastError">Why the connection was lost, or cannot be made; null while it is there.</param>
public sealed record RabbitTroupeSnapshot(
    RabbitConnectionState Connection,
    string? Endpoint,
    string? ReplyQueue,
    long Sent,
    long Stored,
    long SentAgain,
    long Rejected,
    long Returned,
    long LateReplies,
    long DeadLettered,
    int Reconnects,
    long? Ready,
    long? Suspects,
    long? DeadLetters,
    int? Hosts,
    string? LastError);

/// <summary>What a working side is doing, at one moment.</summary>
/// <param name="Name">The name of the troupe.</param>
/// <param name="HostName">The name of the host.</param>
/// <param name="Connection">How the connection is.</param>
/// <param name="Endpoint">The node that it is connected to; null while there is none.</param>
/// <param name="IsConsuming">Whether it takes tasks.</param>
/// <param name="Prefetch">How many tasks the broker gives to it at a time.</param>
/// <param name="Unacknowledged">Deliveries that it has and has not acknowledged.</param>
/// <param name="Delivered">Deliveries so far.</param>
/// <param name="Redelivered">How many of them had been delivered before, to whatever host.</param>
/// <param name="Run">Tasks that it gave to its troupe.</param>
/// <param name="Joined">Deliveries of a task that ran here already.</param>
/// <param name="Repeated">Deliveries of a task that had ended here: they got the kept reply.</param>
/// <param name="Replied">Replies that the broker has confirmed.</param>
/// <param name="Unroutable">Replies for which there was no queue any more.</param>
/// <param name="Refused">Tasks of another contract.</param>
/// <param name="Expired">Tasks whose deadline had passed.</param>
/// <param name="Suspected">Tasks that it put among the suspects.</param>
/// <param name="Reconnects">How often the connection was made again.</param>
/// <param name="Remembered">Ended tasks whose reply it keeps.</param>
/// <param name="Ready">Tasks that wait in the queue for a host; null if it is not known. At most some seconds old.</param>
/// <param name="DeadLetters">Tasks among the dead letters; null if it is not known.</param>
/// <param name="LastError">Why the connection was lost, or cannot be made; null while it is there.</param>
public sealed record RabbitHostSnapshot(
    string Name,
    string HostName,
    RabbitConnectionState Connection,
    string? Endpoint,
    bool IsConsuming,
    int Prefetch,
    int Unacknowledged,
    long Delivered,
    long Redelivered,
    long Run,
    long Joined,
    long Repeated,
    long Replied,
    long Unroutable,
    long Refused,
    long Expired,
    long Suspected,
    int Reconnects,
    int Remembered,
    long? Ready,
    long? DeadLetters,
    string? LastError);
