using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Submitting;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A link on which the test says how each sending ends, and when.</summary>
internal sealed class FakeLink(string replyQueue = "replies") : ISubmittingLink
{
    public List<Publication> Published { get; } = [];

    public List<string> Cancelled { get; } = [];

    public bool IsOpen { get; set; } = true;

    public string ReplyQueue => replyQueue;

    /// <summary>Whether each sending is lost within the call, as on a session that has just ended.</summary>
    public bool LosesAtOnce { get; set; }

    public TaskMessage Last => (TaskMessage)Published[^1];

    public void Publish(Publication message)
    {
        lock (Published) Published.Add(message);
        if (LosesAtOnce) message.End(PublishOutcome.Lost);
    }

    public void Cancel(string taskId) => Cancelled.Add(taskId);
}
