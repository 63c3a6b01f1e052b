using System.Diagnostics;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Serving;

// The way in: what is done with a delivery.
internal sealed partial class TaskServer<TIn, TOut>
{
    private DeliveryHandler HandlerOf(ServingSession.ServingChannel channel) => (tag, redelivered, _, routingKey, task, body) =>
    {
        channel.Take();
        Interlocked.Increment(ref _counters.Delivered);
        if (redelivered) Interlocked.Increment(ref _counters.Redelivered);
        var isTaken = false;
        try
        {
            return Take(channel, tag, redelivered, routingKey, task, body, ref isTaken);
        }
        catch (Exception e)
        {
            // Never expected. Whoever has taken the delivery over by then settles it.
            Log.DeliveryFailed(_logger, _troupe.Name, HostName, e);
            if (!isTaken) channel.GiveBack(tag);
            return default;
        }
    };

    /// <returns>A task that ends when the local troupe has taken the task: the next delivery waits for that, so that they stay in
    /// order.</returns>
    private ValueTask Take(
        ServingSession.ServingChannel channel, ulong tag, bool redelivered, string routingKey, IReadOnlyBasicProperties message,
        ReadOnlyMemory<byte> body, ref bool isTaken)
    {
        if (message.MessageId is not { Length: > 0 } id)
        {
            Log.NoTask(_logger, _troupe.Name, channel.IsOfSuspects ? _topology.Suspects : _topology.Tasks);
            isTaken = true;   // here and below: from now on it is settled elsewhere
            channel.DeadLetter(tag);
            return default;
        }

        // This host may write to all queues, and whoever has sent this may not.
        if (message.ReplyTo is { Length: > 0 } asked && !_topology.IsOfReplies(asked))
        {
            Log.ForeignReplyQueue(_logger, _troupe.Name, id, asked);
            isTaken = true;
            channel.DeadLetter(tag);
            return default;
        }

        var headers = new TaskHeaders(message);
        var isAtRisk = channel.IsOfSuspects || headers.Before + 1 >= _options.SuspectAfter;
        var copy = isAtRisk ? new TaskCopy(routingKey, message, headers.Before, body) : null;
        var replyTo = message.ReplyTo is { Length: > 0 } queue ? queue : null;
        var delivery = new Delivery(channel, tag, replyTo, headers.Before, copy);
        if (!MayConsume)
        {
            isTaken = true;
            GiveBack(delivery, hasBegun: false);
            return default;
        }

        if (headers.Contract is var contract && contract != _contract)
        {
            isTaken = true;
            Refuse(id, contract, headers.Attempt, delivery);
            return default;
        }

        if (_tasks.Find(id, delivery, out var reply) is var known && known != Knowledge.None)
        {
            isTaken = true;
            Settle(known, id, headers.Attempt, delivery, reply);
            return default;
        }

        var left = headers.LeftOfDeadline(_clock);
        if (left <= TimeSpan.Zero)
        {
            isTaken = true;
            Interlocked.Increment(ref _counters.Expired);
            Answer(Reply(id, TaskOutcome.Expired, headers.Attempt, "Its deadline had passed before it began."), delivery);
            return default;
        }

        if (!channel.IsOfSuspects && headers.Before >= _options.SuspectAfter)
        {
            isTaken = true;
            Log.Suspected(_logger, _troupe.Name, id, headers.Before);
            Send(new ForwardedTask(copy!, _topology.Suspects, delivery, OnSuspectForwarded));
            return default;
        }

        TIn input;
        try
        {
            input = _inputs.Read(body);
        }
        catch (Exception e)
        {
            var unreadable = new InvalidDataException(
                $"The input of task {id} of '{_troupe.Name}', {body.Length:N0} bytes, could not be read as {typeof(TIn)} by host " +
                $"'{HostName}': {e.GetType().Name}: {e.Message} The serializer of submitter and host must be the same.",
                e);
            var fault = Fault(id, unreadable, headers.Attempt);
            _tasks.Remember(fault);
            isTaken = true;
            Answer(fault, delivery);
            return default;
        }

        var activity = StartActivity(message);
        DeliveryBaggage.Write(activity, id, headers.Attempt, redelivered || headers.Before > 0);
        var task = new ServedTask<TIn, TOut>(this, id, headers.Attempt, _clock.GetTimestamp(), delivery, activity);
        known = _tasks.Add(task, out reply);
        isTaken = true;
        if (known != Knowledge.None)
        {
            EndActivity(task, outcome: null, error: null);
            Settle(known, id, headers.Attempt, delivery, reply);
            return default;
        }

        _ticker.Wake();
        return SubmitAsync(task, input, new SubmitOptions { Timeout = headers.Timeout, Deadline = left }, channel.Session);
    }

    private void Settle(Knowledge knowledge, string id, int attempt, in Delivery delivery, ReplyMessage? reply)
    {
        switch (knowledge)
        {
            case Knowledge.Running:
                Interlocked.Increment(ref _counters.Joined);   // it is settled with the task
                break;
            case Knowledge.Ended:
                Interlocked.Increment(ref _counters.Repeated);
                Answer(reply!, delivery);
                break;
            case Knowledge.Cancelled:
                Answer(Reply(id, TaskOutcome.Cancelled, attempt, "It was cancelled before it began."), delivery);
                break;
        }
    }

    // Listeners are code of the user. One that throws costs the task its span, and not its baggage.
    private Activity StartActivity(IReadOnlyBasicProperties message)
    {
        var before = Activity.Current;
        try
        {
            return TraceHeaders.StartAtHost(message, _troupe.Name);
        }
        catch (Exception e)
        {
            Log.ListenerFailed(_logger, _troupe.Name, e);
            Activity.Current = null;
            var plain = new Activity(RabbitActivity.PlainName).SetIdFormat(ActivityIdFormat.W3C).Start();
            Activity.Current = before;
            return plain;
        }
    }

    private void Refuse(string id, string contract, int attempt, in Delivery delivery)
    {
        Interlocked.Increment(ref _counters.Refused);
        Log.Refused(_logger, _troupe.Name, id, contract, _contract);
        // Nobody hears of a posted one: so it is kept, among the dead letters.
        if (delivery.ReplyTo is null) delivery.Channel.DeadLetter(delivery.Tag);
        else Answer(Reply(id, TaskOutcome.Refused, attempt, _contract), delivery);
    }

    private ValueTask SubmitAsync(ServedTask<TIn, TOut> task, TIn input, SubmitOptions options, ServingSession session)
    {
        task.Present = Interlocked.Increment(ref _inTroupe);
        var before = Activity.Current;
        Activity.Current = task.Activity;   // the local troupe takes it from there, and it travels to the worker
        try
        {
            if (!_troupe.TrySubmit(input, options, out var future)) return WaitForRoomAsync(task, input, options, session);
            Begin(task, future);
        }
        catch (Exception e)
        {
            EndBeforeBegin(task, e);
        }
        finally
        {
            Activity.Current = before;
        }

        return default;
    }

    private async ValueTask WaitForRoomAsync(ServedTask<TIn, TOut> task, TIn input, SubmitOptions options, ServingSession session)
    {
        try
        {
            var waiting = new CancellationTokenSource();   // not disposed: it has no timer, and who stops the task may be late
            task.WaitFor(waiting);
            TinyFuture<TOut> future;
            using (session.Broker.Ended.UnsafeRegister(static task => ((ServedTask)task!).Recall(), task))
                future = await _troupe.SubmitIntoRoomAsync(input, options, waiting.Token).ConfigureAwait(false);
            Begin(task, future);
        }
        catch (Exception e)
        {
            EndBeforeBegin(task, e);
        }
    }

    private void Begin(ServedTask<TIn, TOut> task, TinyFuture<TOut> future)
    {
        Interlocked.Increment(ref _counters.Run);
        task.Attach(future);
    }

    // The local troupe has not taken the task.
    private void EndBeforeBegin(ServedTask<TIn, TOut> task, Exception cause)
    {
        Interlocked.Decrement(ref _inTroupe);
        if (cause is OperationCanceledException && task.IsCancelRequested)
        {
            End(task, Reply(task.Id, TaskOutcome.Cancelled, task.Attempt, "It was cancelled before it began."), error: null);
            return;
        }

        if (!task.IsReturnRequested && !task.IsRecalled) GoDown(cause);
        Return(task, hasBegun: false);
        EndActivity(task, outcome: null, error: null);
    }
}
