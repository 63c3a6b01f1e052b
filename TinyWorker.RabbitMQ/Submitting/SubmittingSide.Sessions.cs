using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Submitting;

// What is done for each new session, and what comes from it.
internal sealed partial class SubmittingSide
{
    // For each new session, one at a time.
    private async Task SetUpAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        lock (_setUpLock) _newest = session;
        var isNew = await _topology.EnsureAsync(session, cancellationToken).ConfigureAwait(false);
        isNew |= await SetUpRepliesAsync(session, cancellationToken).ConfigureAwait(false);
        var publisher = await session.OpenPublisherAsync(cancellationToken).ConfigureAwait(false);
        lock (_setUpLock)
        {
            if (_newest != session) return;   // it took too long: another session is on its way
            Outbox.Connect(new SessionLink(session, publisher, _topology.Control, ReplyQueue), isNew || _mustSendAgain);
            _mustSendAgain = false;
        }

        NoteChange();
    }

    private string ReplyQueue => _topology.Replies(_replyQueueNumber == 1 ? _client : $"{_client}-{_replyQueueNumber}");

    private async Task<bool> SetUpRepliesAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ReplyQueuePatience, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var isNew = await _topology.EnsureRepliesAsync(session, ReplyQueue, _options.ReplyQueueExpires, either.Token)
                .WaitAsync(either.Token).ConfigureAwait(false);
            var prefetch = (ushort)Math.Clamp(_options.MaxInFlight, LeastPrefetch, MostPrefetch);
            var channel = await session.OpenChannelAsync(prefetch, either.Token).ConfigureAwait(false);
            var acknowledger = session.OpenAcknowledger(channel);
            var tag = await session.ConsumeAsync(
                channel, ReplyQueue, exclusive: true,
                (delivery, _, exchange, _, properties, body) =>
                {
                    Receive(exchange, properties, body);
                    acknowledger.Ack(delivery);
                    return ValueTask.CompletedTask;
                },
                either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            lock (_setUpLock)
            {
                if (_newest == session) (_replyChannel, _consumerTag, _replyQueueTries) = (channel, tag, 0);
            }

            return isNew;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && session.EndReason is null)
        {
            // A queue that was declared shortly before all nodes died may come back without a leader for good.
            TakeNewReplyQueue(session, "the broker does not answer for it");
            throw new TimeoutException($"The broker did not answer for the reply queue of '{_name}'. Another one takes its place.");
        }
        catch (OperationInterruptedException error) when (IsInUse(error) && ++_replyQueueTries >= TriesOfReplyQueue)
        {
            TakeNewReplyQueue(session, "the broker holds it for a connection that is gone");
            throw;
        }
    }

    private static bool IsInUse(OperationInterruptedException error) =>
        error.ShutdownReason is { ReplyCode: Constants.AccessRefused } reason
        && reason.ReplyText.Contains("exclusive use", StringComparison.OrdinalIgnoreCase);

    // The next set-up uses it. What was answered into the old one is lost: everything open is sent again.
    private void TakeNewReplyQueue(BrokerSession session, string reason)
    {
        string givenUp;
        lock (_setUpLock)
        {
            if (_newest != session) return;
            givenUp = ReplyQueue;
            _replyQueueNumber++;
            _replyQueueTries = 0;
            _mustSendAgain = true;
        }

        SubmittingLog.ReplyQueueGivenUp(_logger, _name, givenUp, reason);   // the log is user code
    }

    // By the channel's reader: no user code here.
    private void Receive(string exchange, IReadOnlyBasicProperties message, ReadOnlyMemory<byte> body)
    {
        var taskId = message.CorrelationId;
        if (exchange == _topology.Dead)
        {
            var death = Death.Of(message, _topology.Queue.DeliveryLimit);
            var dead = new TaskDeadLetteredException(_name, taskId ?? "unknown", death.Attempts, death.Reason);
            if (Outbox.Receive(taskId, Reply.Failed(dead))) Outbox.Counts.NoteDeadLettered();
            return;
        }

        if (exchange == _topology.News)
        {
            // On the pool: it is about all requests, and this is where replies are read.
            using (ExecutionContext.SuppressFlow()) _ = Task.Run(RenewStorage);
            return;
        }

        var outcome = KnownOutcome(message);
        Outbox.Receive(taskId, new Reply(outcome, body.ToArray(), TraceHeaders.TextOf(message, MessageHeaders.Error), null));
    }

    // The usual one is not made a string for each reply.
    private static string KnownOutcome(IReadOnlyBasicProperties message)
    {
        if (message.Headers is { } headers && headers.TryGetValue(MessageHeaders.Outcome, out var value) && value is byte[] bytes
            && bytes.AsSpan().SequenceEqual("ok"u8)) return TaskOutcome.Ok;
        return TraceHeaders.TextOf(message, MessageHeaders.Outcome) ?? "";
    }

    /// <summary>A task found no queue. It is looked for and declared again, not too often; then everything open is sent again.</summary>
    private void NoteQueueMissing()
    {
        if (Interlocked.Exchange(ref _isLookingForQueue, 1) != 0) return;
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(LookForQueueAsync);
    }

    private async Task LookForQueueAsync()
    {
        try
        {
            if (Outbox.Link is SessionLink { Session: { EndReason: null } session })
            {
                SubmittingLog.QueueMissing(_logger, _name, _topology.Tasks);
                using var patience = new CancellationTokenSource(BrokerConnection.SetUpTimeout, _timeProvider);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, session.Ended);
                try
                {
                    await _topology.EnsureAsync(session, either.Token).ConfigureAwait(false);
                    RenewStorage();
                }
                catch (Exception error)
                {
                    session.Fail(error);   // the set-up of the next one tells what it means
                }
            }

            await Task.Delay(QueuePause, _timeProvider, _aborting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            // What was returned meanwhile has not begun another look: it is sent again now, and may begin one.
            Interlocked.Exchange(ref _isLookingForQueue, 0);
            Outbox.Visit();
            NoteChange();
        }
    }
}
