using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Serving;

// The way out: what a task has ended with, who is told, and what is settled then.
internal sealed partial class TaskServer<TIn, TOut>
{
    /// <summary>The future of the task has ended. On the pool.</summary>
    public void OnEnded(ServedTask<TIn, TOut> task)
    {
        Interlocked.Decrement(ref _inTroupe);
        try
        {
            var future = task.Future;
            switch (future.Status)
            {
                case TinyFutureStatus.Succeeded:
                    End(task, ReplyWith(task, future.Value, out var refusal), refusal);
                    NoteTime(task);
                    break;
                case TinyFutureStatus.Canceled when task.IsCancelRequested:
                    End(task, Reply(task.Id, TaskOutcome.Cancelled, task.Attempt, "It was cancelled."), error: null);
                    break;
                case TinyFutureStatus.Canceled when future.WasRecalled:
                    Return(task, hasBegun: false);
                    break;
                case TinyFutureStatus.Canceled when !task.IsReturnRequested && _troupe.Snapshot().Condition != TroupeCondition.Stopped:
                    // To run it again would undo what the operator has done.
                    End(task, Reply(task.Id, TaskOutcome.Cancelled, task.Attempt, "An operator has cancelled it."), error: null);
                    break;
                case TinyFutureStatus.Canceled:
                    // Not by its submitter: by the stop of this host, or because the local troupe was aborted.
                    if (!task.IsReturnRequested) GoDown(cause: null);
                    Return(task, hasBegun: true);
                    break;
                default:
                    var error = future.Exception!;
                    if (IsOfTheTroupe(error))
                    {
                        GoDown(error);
                        Return(task, hasBegun: false);
                        break;
                    }

                    if (task.IsReturnRequested)
                    {
                        // Cancelled code may end with any exception: that says nothing of the task, for which this host could not wait.
                        Return(task, hasBegun: true);
                        break;
                    }

                    End(task, Fault(task.Id, error, task.Attempt), error);
                    NoteTime(task);
                    break;
            }
        }
        catch (Exception e)
        {
            // Never expected. The deliveries are not lost: the broker gives them out again.
            Log.DeliveryFailed(_logger, _troupe.Name, HostName, e);
            Return(task, hasBegun: true);
        }
        finally
        {
            EndActivity(task, outcome: null, error: null);   // does nothing if it was ended with an outcome
        }
    }

    // No worker could be made: that says nothing of the task. (A task may fault with that of another troupe, which it calls.)
    private bool IsOfTheTroupe(Exception error) => error is WorkerStartException start && start.Troupe == _troupe.Name;

    private void End(ServedTask<TIn, TOut> task, ReplyMessage reply, Exception? error)
    {
        EndActivity(task, reply.Outcome, error);
        Answer(reply, _tasks.End(task, reply));
        NoteSettled();
    }

    /// <returns>Whether it went back by this call.</returns>
    private bool Return(ServedTask task, bool hasBegun)
    {
        Interlocked.Increment(ref _returning);
        var deliveries = _tasks.Return(task);
        for (var i = 0; i < deliveries.Count; i++) GiveBack(deliveries[i], hasBegun);
        Interlocked.Decrement(ref _returning);
        NoteSettled();
        return deliveries.Count > 0;
    }

    private void EndActivity(ServedTask<TIn, TOut> task, string? outcome, Exception? error)
    {
        if (task.Activity.IsStopped) return;
        try
        {
            RabbitActivity.EndProcess(task.Activity, outcome, error);
        }
        catch (Exception e)
        {
            Log.ListenerFailed(_logger, _troupe.Name, e);   // a listener is code of the user
        }
    }

    private void NoteTime(ServedTask<TIn, TOut> task)
    {
        if (_prefetchChooser is null || !_prefetchChooser.Note(_clock.GetElapsedTime(task.Since), task.Present)) return;
        if (_session is { IsOver: false } session) BeginReconciling(session);
    }

    // ---- Replies

    private ReplyMessage ReplyWith(ServedTask task, TOut result, out Exception? refusal)
    {
        try
        {
            refusal = null;
            return new ReplyMessage(
                task.Id, TaskOutcome.Ok, PayloadCodec<TOut>.ContentType, _results.Write(result), task.Attempt, HostName, Error: null);
        }
        catch (Exception e)
        {
            refusal = e;
            return Fault(task.Id, e, task.Attempt);
        }
    }

    private ReplyMessage Fault(string id, Exception error, int attempt)
    {
        var text = ReplyMessage.TextOf(error);
        byte[] body;
        try
        {
            body = ErrorCodec.Write(error);
        }
        catch (Exception e)
        {
            body = ErrorCodec.Write(new InvalidOperationException(
                $"The task faulted, and its exception could not be sent ({e.GetType().Name}: {e.Message}). It began: {text}"));
        }

        if (body.Length > _options.MaxPayload)
        {
            body = ErrorCodec.Write(new InvalidOperationException(
                $"The task faulted with an exception that takes {body.Length:N0} bytes; RabbitHostOptions.MaxPayload allows " +
                $"{_options.MaxPayload:N0}. It began: {text}"));
        }

        return new ReplyMessage(id, TaskOutcome.Fault, PayloadCodec<TOut>.ContentType, body, attempt, HostName, text);
    }

    private ReplyMessage Reply(string id, string outcome, int attempt, string error) =>
        new(id, outcome, PayloadCodec<TOut>.ContentType, [], attempt, HostName, error);

    private void Answer(ReplyMessage reply, in Delivery delivery)
    {
        var deliveries = default(DeliveryList);
        deliveries.Add(delivery);
        Answer(reply, deliveries);
    }

    // One answer for each reply queue among the deliveries: a submitter that has taken a new queue has sent the task again.
    private void Answer(ReplyMessage reply, in DeliveryList deliveries)
    {
        for (var i = 0; i < deliveries.Count; i++)
        {
            var delivery = deliveries[i];
            if (delivery.ReplyTo is not { } queue)
            {
                if (reply.Outcome == TaskOutcome.Fault) Log.PostedTaskFaulted(_logger, _troupe.Name, reply.TaskId, reply.Error!);
                delivery.Channel.Acknowledge(delivery.Tag);
                continue;
            }

            if (IsAmongTheFirst(queue, i, deliveries)) continue;
            var answered = default(DeliveryList);
            for (var j = i; j < deliveries.Count; j++)
            {
                // Those of a session that has ended come again, and get the kept reply. The submitter is told now all the same.
                if (deliveries[j].ReplyTo == queue && !deliveries[j].Channel.IsOver) answered.Add(deliveries[j]);
            }

            var outbox = answered.Count > 0 ? answered[0].Channel.Outbox : _session?.Outbox;
            outbox?.Send(new Answer(reply, queue, answered, OnAnswered));
        }

        static bool IsAmongTheFirst(string queue, int count, in DeliveryList deliveries)
        {
            for (var i = 0; i < count; i++)
                if (deliveries[i].ReplyTo == queue) return true;
            return false;
        }
    }

    private void OnAnswered(Answer answer, MessageFate fate)
    {
        switch (fate)
        {
            case MessageFate.Stored:
                Interlocked.Increment(ref _counters.Replied);
                break;
            case MessageFate.Returned:
                Interlocked.Increment(ref _counters.Unroutable);
                Log.ReplyUnroutable(_logger, _troupe.Name, answer.RoutingKey, answer.Reply.TaskId);
                break;
            case MessageFate.Unanswered:
                Log.ReplyUnanswered(_logger, _troupe.Name, answer.RoutingKey, answer.Reply.TaskId, answer.Patience);
                break;
        }

        for (var i = 0; i < answer.Deliveries.Count; i++)
        {
            var delivery = answer.Deliveries[i];
            if (fate is MessageFate.Stored or MessageFate.Returned) delivery.Channel.Acknowledge(delivery.Tag);
            else if (fate == MessageFate.Unanswered) delivery.Channel.GiveBack(delivery.Tag);
        }

        NoteSettled();
    }

    // ---- Deliveries that go back or on

    // To give one back counts as an attempt at the broker. One that has not begun, and that one more would make a suspect or a dead letter,
    // is sent as a copy with the attempts so far instead.
    private void GiveBack(in Delivery delivery, bool hasBegun)
    {
        if (hasBegun || delivery.Copy is not { } copy)
        {
            delivery.Channel.GiveBack(delivery.Tag);
            return;
        }

        var isOfSuspects = ((ServingSession.ServingChannel)delivery.Channel).IsOfSuspects;
        Send(new ForwardedTask(copy, isOfSuspects ? _topology.Suspects : _topology.Tasks, delivery, OnCopyStored));
    }

    private static void Send(ForwardedTask message) => message.Delivery.Channel.Outbox.Send(message);

    private void OnSuspectForwarded(ForwardedTask message, MessageFate fate)
    {
        if (fate == MessageFate.Stored) Interlocked.Increment(ref _counters.Suspected);
        OnCopyStored(message, fate);
    }

    private void OnCopyStored(ForwardedTask message, MessageFate fate)
    {
        var delivery = message.Delivery;
        if (fate == MessageFate.Stored) delivery.Channel.Acknowledge(delivery.Tag);
        else if (fate != MessageFate.Lost) delivery.Channel.GiveBack(delivery.Tag);
        NoteSettled();
    }
}
