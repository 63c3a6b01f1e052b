namespace TinyWorker.RabbitMQ.Messages;

/// <summary>The headers of messages between the two sides. Both sides, and whoever reads dead letters, use these names only.</summary>
internal static class MessageHeaders
{
    /// <summary>Of a task: the submitter's contract; see <see cref="Contract"/>.</summary>
    public const string Contract = "tw-contract";

    /// <summary>Of a task: when it must have ended, in milliseconds of Unix time (long). Without it there is no deadline.</summary>
    public const string Deadline = "tw-deadline";

    /// <summary>Of a task: how long one attempt may take, in milliseconds (long); -1 for no limit. Without it the host's troupe says.</summary>
    public const string Timeout = "tw-timeout";

    /// <summary>Of a task: the attempts before this message (int), when a host has sent it on.</summary>
    public const string Before = "tw-before";

    /// <summary>Of a task: true if the submitter has sent it before.</summary>
    public const string Resent = "tw-resent";

    /// <summary>Of a reply: how the task ended; see <see cref="TaskOutcome"/>.</summary>
    public const string Outcome = "tw-outcome";

    /// <summary>Of a reply: which attempt it comes from (int). Without it, it is the first. (The name of the host is the property
    /// AppId.)</summary>
    public const string Attempt = "tw-attempt";

    /// <summary>Of a reply or a dead letter: the error, as text for people.</summary>
    public const string Error = "tw-error";

    /// <summary>W3C trace context.</summary>
    public const string TraceParent = "traceparent";

    /// <inheritdoc cref="TraceParent"/>
    public const string TraceState = "tracestate";

    /// <summary>W3C baggage.</summary>
    public const string Baggage = "baggage";

    /// <summary>Set by the broker: how often a quorum queue has delivered the message before (long).</summary>
    public const string DeliveryCount = "x-delivery-count";

    /// <summary>Set by the broker: the history of a dead letter.</summary>
    public const string Death = "x-death";
}

/// <summary>How a task ended at its host; the values of <see cref="MessageHeaders.Outcome"/>.</summary>
internal static class TaskOutcome
{
    /// <summary>The body is the result.</summary>
    public const string Ok = "ok";

    /// <summary>The body is the exception.</summary>
    public const string Fault = "fault";

    public const string Cancelled = "cancelled";

    /// <summary>The host has another contract: <see cref="MessageHeaders.Error"/> is that of the host.</summary>
    public const string Refused = "refused";

    /// <summary>The deadline had passed before it began.</summary>
    public const string Expired = "expired";
}
