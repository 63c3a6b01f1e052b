using System.Diagnostics;
using System.Threading.Tasks.Sources;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;
using TinyWorker.Tasks;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>Where the task of a request is.</summary>
internal enum RequestState
{
    /// <summary>There is no task, or it has ended.</summary>
    Ended,

    /// <summary>It waits for a link: there is none, the broker is blocked, or the link on which it was sent was lost.</summary>
    Unsent,

    /// <summary>It was given to the publisher, which has not told how that ended.</summary>
    Sending,

    /// <summary>The broker has it.</summary>
    Stored,

    /// <summary>The broker rejected it: it waits for its turn to knock.</summary>
    Rejected,

    /// <summary>There was no queue: it waits until there is one.</summary>
    Returned,
}

/// <summary>
/// The place of one task that is under way at the broker and its hosts: a slot of the troupe has one, and uses it again for each of its
/// tasks. It sends the task, as often as it takes, until the first reply, or until nobody waits for one any more.
/// </summary>
/// <remarks>
/// <para>Everything is guarded by _lock. What leaves a request (a message, a cancellation, the end) is decided under the lock, as a
/// <see cref="Step"/>, and done after it: nothing foreign runs under the lock, but the line of <see cref="Knocking"/>, whose lock is an
/// inner one.</para>
/// <para>Who moves it:</para>
/// <list type="bullet">
/// <item>the slot: Ended to Unsent, and at once to Sending if there is an open link;</item>
/// <item>the publisher: Sending to Stored, Rejected, Returned, or (lost) Unsent;</item>
/// <item>a visit, after something has changed for all (a new link, the end of a block, a queue that was made anew): Unsent and Returned to
/// Sending; Stored to Sending if that queue is gone. Sending is left to the publisher, which tells the end of each sending, so that no
/// message is sent twice at a time;</item>
/// <item>the line of those that were rejected: Rejected to Sending;</item>
/// <item>a reply, a dead letter, an outage, the cancellation or its grace: anything to Ended. Whoever sets Ended completes the source,
/// once.</item>
/// </list>
/// <para>Nothing is lost between them: whatever changes for all is written first, and then every request is visited, under its lock. A
/// request that looks under its lock sees the change, or is visited after it.</para>
/// <para>Nothing is taken for something else: a reply carries the number of the task, which is never used again. The end of a sending
/// belongs to its message object, and an object that the publisher still has is not used for another task. If a reply comes before the
/// confirm, the message object is left to the publisher, and the next task has a new one.</para>
/// </remarks>
internal sealed class Request : IValueTaskSource<Reply>
{
    private readonly Outbox _outbox;
    private readonly int _index;
    private readonly Lock _lock = new();

    private ManualResetValueTaskSourceCore<Reply> _source = new() { RunContinuationsAsynchronously = true };
    private Message _message;              // that of the task
    private RequestState _state;
    private long _number;                  // of the task
    private long _sequence;                // the slot's: how many tasks there were
    private Activity? _span;               // of the sending; null once it was stored, or if nobody wants one
    private ISubmittingLink? _sentOn;      // the link of the last sending
    private long _sentToStorage;           // which storage that went to
    private ISubmittingLink? _lostOn;      // the link on which the last sending was lost, until the next visit
    private bool _wasSent;
    private bool _mayBeThere;              // a sending before the last one may have arrived
    private bool _isCancelled;             // the task was asked to stop
    private int _knockRound;               // in which round it joined the line of the rejected
    private ITimer? _grace;                // set while a cancelled task may still answer

    /// <param name="outbox">Where it belongs.</param>
    /// <param name="index">Which of the requests it is.</param>
    public Request(Outbox outbox, int index)
    {
        (_outbox, _index) = (outbox, index);
        _message = new Message(this, outbox.Format);
    }

    /// <summary>The state; it may have changed already.</summary>
    public RequestState State
    {
        get
        {
            lock (_lock) return _state;
        }
    }

    private bool IsOpen_NeedsLock => _state != RequestState.Ended;

    /// <summary>Sends a task. For the slot, when the task before has ended.</summary>
    public ValueTask<Reply> SendAsync(ReadOnlyMemory<byte> body, in ForwardedTerms terms, Activity? activity)
    {
        var number = Outbox.NumberOf(_index, ++_sequence);
        var taskId = _outbox.IdOf(number);
        var span = RabbitActivity.StartSend(_outbox.Format.Exchange, taskId, _outbox.Link?.ReplyQueue, body.Length);
        Step step;
        short version;
        lock (_lock)
        {
            Debug.Assert(!IsOpen_NeedsLock, "a slot has one task at a time");
            _source.Reset();
            version = _source.Version;
            _number = number;
            _span = span;
            if (_message.IsAtPublisher) _message = new Message(this, _outbox.Format);
            _message.Write(taskId, body, terms, span ?? activity);
            (_wasSent, _mayBeThere, _isCancelled) = (false, false, false);
            _state = RequestState.Unsent;
            step = GoOn_NeedsLock();
        }

        Do(step);
        return new ValueTask<Reply>(this, version);
    }

    /// <summary>Something has changed for all requests.</summary>
    public void Visit()
    {
        Step step;
        lock (_lock)
        {
            switch (_state)
            {
                case RequestState.Ended:
                    return;
                case RequestState.Sending or RequestState.Stored or RequestState.Rejected
                    when _outbox.Outage is not null || IsGivenUp_NeedsLock:
                    step = GoOn_NeedsLock();
                    break;
                case RequestState.Sending:
                case RequestState.Stored when _sentToStorage == _outbox.Storage:
                case RequestState.Rejected when _knockRound == _outbox.Knocking.Round:
                    return;
                default:
                    _state = RequestState.Unsent;
                    _lostOn = null;
                    step = GoOn_NeedsLock();
                    break;
            }
        }

        Do(step);
    }

    /// <summary>The line of those that were rejected has come to this task.</summary>
    /// <returns>Whether it was sent. Not if it has ended meanwhile, or there is no link now.</returns>
    public bool Knock(long number, int round)
    {
        Step step;
        lock (_lock)
        {
            if (number != _number || _state != RequestState.Rejected || round != _knockRound || _isCancelled) return false;
            if (_outbox.Link is not { IsOpen: true } link)
            {
                _state = RequestState.Unsent;
                return false;
            }

            step = Publish_NeedsLock(link);
            _message.KnockRound = round;
        }

        Do(step);
        return true;
    }

    /// <summary>A reply to the task with this number, or a notice of its death.</summary>
    /// <returns>False if that task has ended before.</returns>
    public bool TryEnd(long number, Reply reply)
    {
        Step step;
        lock (_lock)
        {
            if (number != _number || !IsOpen_NeedsLock) return false;
            step = End_NeedsLock(reply);
        }

        Do(step);
        return true;
    }

    /// <summary>The task is to stop: by its future, its deadline, or the end of the troupe.</summary>
    // Called by the token of the task alone, whose registration ends with the task.
    public void Cancel()
    {
        Step step;
        long number;
        lock (_lock)
        {
            if (!IsOpen_NeedsLock || _isCancelled) return;
            _isCancelled = true;
            number = _number;
            step = new Step { Cancels = MayBeAtBroker_NeedsLock ? OpenLink_NeedsLock() : null, TaskId = _message.TaskId };
            if (IsGivenUp_NeedsLock) step = End_NeedsLock(Reply.Cancelled) with { Cancels = step.Cancels, TaskId = step.TaskId };
        }

        Do(step);
        if (step.Ends is null) BeginGrace(number);
    }

    Reply IValueTaskSource<Reply>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Reply>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<Reply>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private bool MayBeAtBroker_NeedsLock => _mayBeThere || _state is RequestState.Sending or RequestState.Stored;

    // Nobody could answer, or nobody waits for the answer.
    private bool IsGivenUp_NeedsLock => _isCancelled
        && (!MayBeAtBroker_NeedsLock || _outbox.IsAborted || _outbox.CancellationGrace == TimeSpan.Zero || OpenLink_NeedsLock() is null);

    private ISubmittingLink? OpenLink_NeedsLock() => _outbox.Link is { IsOpen: true } link ? link : null;

    /// <summary>What an open task does next that is neither sent nor stored.</summary>
    private Step GoOn_NeedsLock()
    {
        if (_outbox.Outage is { } outage) return End_NeedsLock(Reply.Failed(outage.ForOneTask()));
        if (IsGivenUp_NeedsLock) return End_NeedsLock(Reply.Cancelled);
        // One that was cancelled is not sent again: its grace runs.
        if (_isCancelled || OpenLink_NeedsLock() is not { } link || link == _lostOn) return default;
        if (!_outbox.Knocking.MayPass(this, _number, out _knockRound))
        {
            _state = RequestState.Rejected;
            return default;
        }

        return Publish_NeedsLock(link);
    }

    private Step Publish_NeedsLock(ISubmittingLink link)
    {
        Debug.Assert(!_message.IsAtPublisher, "a message is with the publisher once at a time");
        if (_wasSent) _message.MarkResent();
        _outbox.Counts.NoteSent(again: _wasSent);
        _message.ReplyTo(link.ReplyQueue);
        _message.IsAtPublisher = true;
        _message.KnockRound = 0;
        _state = RequestState.Sending;
        (_sentOn, _sentToStorage, _wasSent) = (link, _outbox.Storage, true);
        return new Step { Publishes = _message, Link = link };
    }

    private Step End_NeedsLock(Reply reply)
    {
        var span = _span;
        _span = null;
        _state = RequestState.Ended;
        (_sentOn, _lostOn) = (null, null);
        _grace?.Dispose();
        _grace = null;
        if (!_message.IsAtPublisher) _message.Clear();
        // A reply before the confirm says as much.
        var outcome = reply.Failure is null && reply.Outcome != TaskOutcome.Cancelled ? PublishOutcome.Stored : PublishOutcome.Lost;
        return new Step { Ends = reply, Span = span, Outcome = outcome };
    }

    private void Do(in Step step)
    {
        if (step.Publishes is { } message) step.Link!.Publish(message);
        step.Cancels?.Cancel(step.TaskId!);
        if (step.Span is not null) RabbitActivity.EndSend(step.Span, step.Outcome);
        if (step.Ends is { } reply) _source.SetResult(reply);
    }

    private void BeginGrace(long number)
    {
        // Some clocks call at once, on the thread that sets the timer.
        var timer = _outbox.TimeProvider.CreateTimer(
            static state =>
            {
                var (request, number) = ((Request, long))state!;
                request.TryEnd(number, Reply.Cancelled);
            },
            (this, number), Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_lock)
        {
            if (number == _number && IsOpen_NeedsLock) _grace = timer;
            else timer.Dispose();
        }

        timer.Change(_outbox.CancellationGrace, Timeout.InfiniteTimeSpan);
    }

    private void Published(Message message, PublishOutcome outcome)
    {
        Step step = default;
        var isMissing = false;
        int knockRound;
        lock (_lock)
        {
            message.IsAtPublisher = false;
            knockRound = message.KnockRound;
            if (message != _message || _state != RequestState.Sending)
            {
                message.Clear();   // the task has ended before
            }
            else
            {
                (step, isMissing) = Published_NeedsLock(outcome);
            }
        }

        _outbox.Note(outcome, knockRound);
        Do(step);
        if (isMissing) _outbox.NoteQueueMissing();
    }

    private (Step Step, bool IsMissing) Published_NeedsLock(PublishOutcome outcome)
    {
        switch (outcome)
        {
            case PublishOutcome.Stored when _sentToStorage == _outbox.Storage && _outbox.Outage is null:
                _state = RequestState.Stored;
                _mayBeThere = true;
                var span = _span;
                _span = null;
                return (new Step { Span = span, Outcome = outcome }, false);
            case PublishOutcome.Rejected when !_isCancelled:
                _state = RequestState.Rejected;
                _knockRound = _outbox.Knocking.Add(this, _number);
                return default;
            case PublishOutcome.Returned:
                _state = RequestState.Returned;
                return (IsGivenUp_NeedsLock ? End_NeedsLock(Reply.Cancelled) : default, true);
            case PublishOutcome.Rejected:
                _state = RequestState.Rejected;
                return (IsGivenUp_NeedsLock ? End_NeedsLock(Reply.Cancelled) : default, false);
            default:
                // Lost, or stored where it is gone by now.
                _mayBeThere = true;
                _state = RequestState.Unsent;
                if (outcome == PublishOutcome.Lost)
                {
                    // The link may live on: then it is tried again in a moment, and not within this call.
                    _lostOn = _sentOn;
                    if (_outbox.Link == _sentOn) _outbox.VisitSoon();
                }

                return (GoOn_NeedsLock(), false);
        }
    }

    /// <summary>What is to be done after the lock.</summary>
    private readonly record struct Step
    {
        public Message? Publishes { get; init; }

        public ISubmittingLink? Link { get; init; }

        public ISubmittingLink? Cancels { get; init; }

        public string? TaskId { get; init; }

        public Reply? Ends { get; init; }

        /// <summary>The span of the sending, to be ended.</summary>
        public Activity? Span { get; init; }

        /// <summary>How it ended.</summary>
        public PublishOutcome Outcome { get; init; }
    }

    /// <summary>The message of a task of this request. Guarded by the lock of the request, but for what its publisher reads.</summary>
    private sealed class Message(Request request, TaskMessageFormat format) : TaskMessage(format)
    {
        /// <summary>Whether a publisher has it: nothing of it may be changed then.</summary>
        public bool IsAtPublisher { get; set; }

        /// <summary>The round of the line of the rejected in which it was sent; 0 if it did not come from there.</summary>
        public int KnockRound { get; set; }

        public override void End(PublishOutcome outcome) => request.Published(this, outcome);
    }
}
