using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>The way to the broker while one session lasts. Thread-safe.</summary>
/// <param name="session">The session.</param>
/// <param name="publisher">What publishes tasks and cancellations: on one channel, so that no cancellation overtakes its task.</param>
/// <param name="controlExchange">Where cancellations go.</param>
/// <param name="replyQueue">Where replies go.</param>
internal sealed class SessionLink(BrokerSession session, ConfirmingPublisher publisher, string controlExchange, string replyQueue)
    : ISubmittingLink
{
    public BrokerSession Session => session;

    public bool IsOpen => session.EndReason is null && !session.IsBlocked;

    public string ReplyQueue => replyQueue;

    public void Publish(Publication message) => publisher.Publish(message);

    public void Cancel(string taskId) => publisher.Publish(new Cancellation(controlExchange, taskId));

    /// <summary>Tells the hosts that a task is not wanted any more. How that ends is of no interest: it is returned if no host is
    /// there.</summary>
    private sealed class Cancellation(string exchange, string taskId) : Publication
    {
        private readonly byte[] _body = Encoding.UTF8.GetBytes(taskId);

        public override string Exchange => exchange;

        public override string RoutingKey => "";

        // Not the id of the task: the publisher tells messages by their ids.
        public override BasicProperties Properties { get; } = new() { MessageId = "cancel " + taskId };

        public override ReadOnlyMemory<byte> Body => _body;

        public override void End(PublishOutcome outcome)
        {
        }
    }
}
