using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>How a request ended.</summary>
/// <param name="Outcome">What the reply says, one of <see cref="TaskOutcome"/>; null if there was no reply.</param>
/// <param name="Body">The body of the reply.</param>
/// <param name="Error">What the reply says of the error.</param>
/// <param name="Failure">Why there is no reply; null if there was one.</param>
internal readonly record struct Reply(string? Outcome, byte[] Body, string? Error, Exception? Failure)
{
    /// <summary>It was cancelled here, and no host has answered.</summary>
    public static Reply Cancelled { get; } = new(TaskOutcome.Cancelled, [], null, null);

    public static Reply Failed(Exception failure) => new(null, [], null, failure);
}
