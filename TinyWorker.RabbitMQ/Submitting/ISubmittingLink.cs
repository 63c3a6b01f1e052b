using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>The way to the broker while one session lasts, as requests see it. Thread-safe; nothing blocks.</summary>
internal interface ISubmittingLink
{
    /// <summary>Whether it is worth to send something: the session has not ended, and the broker is not blocked.</summary>
    bool IsOpen { get; }

    /// <summary>Where replies go.</summary>
    string ReplyQueue { get; }

    /// <summary>Sends a message. <see cref="Publication.End"/> is called once for it, also if the session has ended.</summary>
    void Publish(Publication message);

    /// <summary>Tells all hosts that the task is not wanted any more. Nobody is told whether that has arrived.</summary>
    void Cancel(string taskId);
}
