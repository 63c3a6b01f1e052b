namespace TinyWorker.RabbitMQ;

/// <summary>A task that the broker gave up, or that was put aside.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="Attempts">How often it was delivered to a host.</param>
/// <param name="Reason">Why it is here, in the broker's words, for example <c>delivery_limit</c>.</param>
/// <param name="DeadSince">Since when, by the broker's clock; null if it does not say.</param>
/// <param name="Contract">The contract of the submitter.</param>
/// <param name="ReplyTo">The reply queue of the submitter; null if it was posted.</param>
/// <param name="Payload">The input as it was sent: a byte that tells the format, and the input as the serializer wrote it.</param>
public sealed record RabbitDeadLetter(
    string TaskId, int Attempts, string Reason, DateTimeOffset? DeadSince, string Contract, string? ReplyTo, ReadOnlyMemory<byte> Payload);
