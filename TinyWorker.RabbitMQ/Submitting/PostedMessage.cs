using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>The message of a task for whose result nobody waits.</summary>
internal sealed class PostedMessage(TaskMessageFormat format) : TaskMessage(format)
{
    private TaskCompletionSource<PublishOutcome>? _end;   // of the sending that is under way

    /// <summary>Sends it once. One call at a time.</summary>
    /// <returns>How that ended.</returns>
    public Task<PublishOutcome> SendAsync(ISubmittingLink link)
    {
        _end = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = _end.Task;
        link.Publish(this);
        return end;
    }

    public override void End(PublishOutcome outcome) => _end!.TrySetResult(outcome);
}
