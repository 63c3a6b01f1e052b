namespace TinyWorker.RabbitMQ;

/// <summary>The delivery of the task that runs now, for code inside a worker that a <see cref="RabbitTroupeHost{TIn, TOut}"/> serves.</summary>
/// <param name="TaskId">The id of the task: the same at each attempt, so that it can serve as an idempotency key.</param>
/// <param name="Attempt">Which attempt this is, from 1, over all hosts.</param>
/// <param name="Redelivered">Whether the broker had delivered the task before: it may have begun, or even ended, elsewhere.</param>
public sealed record RabbitDelivery(string TaskId, int Attempt, bool Redelivered)
{
    /// <summary>That of the task which the calling code belongs to, in worker processes, too; null outside of one. It holds until the task
    /// has ended.</summary>
    public static RabbitDelivery? Current => Serving.DeliveryBaggage.Read();
}
