using System.Diagnostics;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Telemetry;
using TinyWorker.Tasks;

namespace TinyWorker.RabbitMQ.Submitting;

// Tasks for whose results nobody waits. Each is sent by a loop of its own, and takes part in the end: the connection stays until they have
// ended.
internal sealed partial class SubmittingSide
{
    /// <summary>Sends a task for whose result nobody waits, as often as it takes until it is stored.</summary>
    public async Task PostAsync(string taskId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        BeginPost();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _aborting.Token);
            using (await _postRoom.LockAsync(either.Token).ConfigureAwait(false))
                await PostOneAsync(taskId, body, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stopped();
        }
        finally
        {
            _posts.Signal();
        }
    }

    // After the count: whoever ends this closes first, and looks at the count afterwards.
    private void BeginPost()
    {
        if (Volatile.Read(ref _isClosed)) throw Stopped();
        try
        {
            _posts.AddCount();
        }
        catch (InvalidOperationException)
        {
            throw Stopped();
        }
    }

    private async Task PostOneAsync(string taskId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var message = new PostedMessage(Outbox.Format);
        var span = RabbitActivity.StartSend(Outbox.Format.Exchange, taskId, replyQueue: null, body.Length);
        message.Write(taskId, body, new ForwardedTerms(), span ?? Activity.Current);
        var outcome = PublishOutcome.Lost;   // if it is given up before it has been sent
        try
        {
            outcome = await StoreAsync(message, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            RabbitActivity.EndSend(span, outcome);
        }
    }

    private async Task<PublishOutcome> StoreAsync(PostedMessage message, CancellationToken cancellationToken)
    {
        ISubmittingLink? lostOn = null;
        for (var wasSent = false; ; wasSent = true)
        {
            var link = await OpenLinkAsync(lostOn, cancellationToken).ConfigureAwait(false);
            if (wasSent) message.MarkResent();
            Outbox.Counts.NoteSent(again: wasSent);
            // The publisher has it until it says how it ended: whoever waits may go, the message is not touched any more.
            var outcome = await message.SendAsync(link).WaitAsync(cancellationToken).ConfigureAwait(false);
            lostOn = null;
            switch (outcome)
            {
                case PublishOutcome.Stored:
                    Outbox.Counts.NoteStored();
                    return outcome;
                case PublishOutcome.Rejected:
                    Outbox.Counts.NoteRejected();
                    var pause = TimeSpan.FromMilliseconds(Random.Shared.Next(ShortestPause, LongestPause));
                    await Task.Delay(pause, _timeProvider, cancellationToken).ConfigureAwait(false);
                    break;
                case PublishOutcome.Returned:
                    Outbox.Counts.NoteReturned();
                    var change = Volatile.Read(ref _change).Task;
                    NoteQueueMissing();
                    await change.WaitAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    if (!link.IsOpen) lostOn = link;
                    break;
            }
        }
    }

    private async Task<ISubmittingLink> OpenLinkAsync(ISubmittingLink? lostOn, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = Volatile.Read(ref _change).Task;   // before the look
            if (_connection.Outage is { } outage) throw outage.ForOneTask();
            if (Outbox.Link is { IsOpen: true } link && link != lostOn) return link;
            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
