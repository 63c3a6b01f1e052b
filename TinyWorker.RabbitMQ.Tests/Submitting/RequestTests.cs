using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Submitting;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The orders in which confirms, replies, losses and cancellations may come, most of which no broker gives on demand.</summary>
public sealed class RequestTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly Reply Ok = new(TaskOutcome.Ok, [1], null, null);

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeLink _link = new();
    private int _missing;
    private Outbox _outbox = null!;

    [SetUp]
    public void SetUp()
    {
        _missing = 0;
        _link.Published.Clear();
        _link.Cancelled.Clear();
        (_link.IsOpen, _link.LosesAtOnce) = (true, false);
        _outbox = MakeOutbox(4);
    }

    [Test]
    public async Task Task_ConfirmedAndAnswered_EndsWithTheReply()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        var message = _link.Last;
        Assert.That(message.Properties.ReplyTo, Is.EqualTo("replies"));
        Assert.That(message.Properties.Headers!.ContainsKey(MessageHeaders.Resent), Is.False);
        message.End(PublishOutcome.Stored);
        Assert.That(StateOf(0), Is.EqualTo(RequestState.Stored));
        Assert.That(reply.IsCompleted, Is.False);
        Assert.That(_outbox.Receive(message.TaskId, Ok));
        Assert.That((await Within.Time(reply)).Outcome, Is.EqualTo(TaskOutcome.Ok));
        Assert.That(_outbox.Counts.Stored, Is.EqualTo(1));
    }

    [Test]
    public async Task Reply_BeforeTheConfirm_EndsTheTask_AndTheConfirmIsNotTakenForTheNextTask()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var first = Send(0);
        var message = _link.Last;
        Assert.That(_outbox.Receive(message.TaskId, Ok));
        await Within.Time(first);
        var second = Send(0);
        Assert.That(_link.Last, Is.Not.SameAs(message), "the publisher still has the message of the first task");
        Assert.That(_link.Last.TaskId, Is.Not.EqualTo(message.TaskId));
        message.End(PublishOutcome.Stored);
        Assert.That(StateOf(0), Is.EqualTo(RequestState.Sending));
        message = _link.Last;
        message.End(PublishOutcome.Stored);
        _outbox.Receive(message.TaskId, Ok);
        await Within.Time(second);
    }

    [Test]
    public async Task Message_AfterItsConfirm_ServesTheNextTask()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var first = Send(0);
        var message = _link.Last;
        message.End(PublishOutcome.Stored);
        _outbox.Receive(message.TaskId, Ok);
        await Within.Time(first);
        _ = Send(0);
        Assert.That(_link.Last, Is.SameAs(message));
    }

    [Test]
    public async Task Reply_ASecondOne_IsCountedAndNotTakenForTheNextTask()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var first = Send(0);
        var id = _link.Last.TaskId;
        _link.Last.End(PublishOutcome.Stored);
        Assert.That(_outbox.Receive(id, Ok));
        await Within.Time(first);
        var second = Send(0);
        Assert.That(_outbox.Receive(id, Ok), Is.False);
        Assert.That(second.IsCompleted, Is.False);
        Assert.That(_outbox.Counts.LateReplies, Is.EqualTo(1));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("0123456789ab.")]
    [TestCase("0123456789ab.x")]
    [TestCase("0123456789ab.-1")]
    [TestCase("0123456789ab.65535")]
    [TestCase("0123456789ab.99999999999999999999")]
    [TestCase("another.65536")]
    public void Reply_OfAnIdThatIsNotOurs_IsCountedAlone(string? id)
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        Assert.That(_outbox.Receive(id, Ok), Is.False);
        Assert.That(reply.IsCompleted, Is.False);
        Assert.That(_outbox.Counts.LateReplies, Is.EqualTo(1));
    }

    [Test]
    public void Task_BeforeTheFirstLink_IsSentOnceItIsThere()
    {
        _ = Send(0);
        Assert.That(StateOf(0), Is.EqualTo(RequestState.Unsent));
        _outbox.Connect(_link, isStorageNew: true);
        Assert.That(_link.Published, Has.Count.EqualTo(1));
        Assert.That(IsMarkedResent(_link.Last), Is.False);
    }

    [Test]
    public void Task_WhileBlocked_IsSentOnceTheBlockHasEnded()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _link.IsOpen = false;
        _ = Send(0);
        Assert.That(_link.Published, Is.Empty);
        _link.IsOpen = true;
        _outbox.Visit();
        Assert.That(_link.Published, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Task_LostWithItsLink_IsSentAgainOnTheNext_WithTheSameId()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        var id = _link.Last.TaskId;
        _link.IsOpen = false;
        _link.Last.End(PublishOutcome.Lost);
        Assert.That(StateOf(0), Is.EqualTo(RequestState.Unsent));
        var next = new FakeLink("replies-2");
        _outbox.Connect(next, isStorageNew: false);
        Assert.That(next.Published, Has.Count.EqualTo(1));
        Assert.That((next.Last.TaskId, next.Last.Properties.ReplyTo), Is.EqualTo((id, "replies-2")));
        Assert.That(IsMarkedResent(next.Last));
        _outbox.Receive(id, Ok);
        await Within.Time(reply);
        Assert.That(_outbox.Counts.SentAgain, Is.EqualTo(1));
    }

    [Test]
    public void Task_WhoseLossIsToldAfterTheNextLinkCame_IsSentThere()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _ = Send(0);
        var next = new FakeLink();
        _outbox.Connect(next, isStorageNew: false);
        Assert.That(next.Published, Is.Empty, "the old publisher still has the message");
        _link.Last.End(PublishOutcome.Lost);
        Assert.That(next.Published, Has.Count.EqualTo(1));
    }

    [Test]
    public void Task_LostOnALinkThatLives_IsSentAgainInAMoment_AndNotWithinTheCall()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _link.LosesAtOnce = true;
        _ = Send(0);
        Assert.That(_link.Published, Has.Count.EqualTo(1));
        _link.LosesAtOnce = false;
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.That(_link.Published, Has.Count.EqualTo(2));
    }

    [Test]
    public void Task_Stored_IsSentAgainOnlyIfTheStorageIsNew()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _ = Send(0);
        _link.Last.End(PublishOutcome.Stored);
        var second = new FakeLink();
        _outbox.Connect(second, isStorageNew: false);
        Assert.That(second.Published, Is.Empty);
        var third = new FakeLink();
        _outbox.Connect(third, isStorageNew: true);
        Assert.That(third.Published, Has.Count.EqualTo(1));
        Assert.That(IsMarkedResent(third.Last));
        third.Last.End(PublishOutcome.Stored);
        _outbox.RenewStorage();
        Assert.That(third.Published, Has.Count.EqualTo(2));
    }

    [Test]
    public void Task_WhoseConfirmComesAfterItsStorageWasLost_IsSentAgain()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _ = Send(0);
        var next = new FakeLink();
        _outbox.Connect(next, isStorageNew: true);
        _link.Last.End(PublishOutcome.Stored);
        Assert.That(next.Published, Has.Count.EqualTo(1));
    }

    [Test]
    public void Task_Returned_TellsThatTheQueueIsMissing_AndIsSentOnceItIsThere()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _ = Send(0);
        _link.Last.End(PublishOutcome.Returned);
        Assert.That(_missing, Is.EqualTo(1));
        Assert.That(StateOf(0), Is.EqualTo(RequestState.Returned));
        _outbox.RenewStorage();
        Assert.That(_link.Published, Has.Count.EqualTo(2));
    }

    [Test]
    public void Tasks_Rejected_KnockAFewAtATime_AndAllAreStored()
    {
        const int Count = 100;
        _outbox = MakeOutbox(Count);
        _outbox.Connect(_link, isStorageNew: true);
        for (var i = 0; i < Count; i++) _ = Send(i);
        var sent = _link.Published.ToArray();
        foreach (var message in sent) message.End(PublishOutcome.Rejected);
        Assert.That(_link.Published, Has.Count.EqualTo(Count));
        var answered = Count;
        for (var round = 0; round < 10; round++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
            Assert.That(_link.Published.Count - answered, Is.EqualTo(4), "so many knock while it is full");
            foreach (var message in _link.Published.Skip(answered).ToArray()) message.End(PublishOutcome.Rejected);
            answered += 4;
        }

        _clock.Advance(TimeSpan.FromMilliseconds(50));
        while (answered < _link.Published.Count) _link.Published[answered++].End(PublishOutcome.Stored);
        Assert.That(Enumerable.Range(0, Count).Select(StateOf), Is.All.EqualTo(RequestState.Stored));
        Assert.That(_outbox.Knocking.IsClosed, Is.False);
        Assert.That(_link.Published, Has.Count.EqualTo(Count + 40 + Count));
    }

    [Test]
    public void Task_ThatComesWhileOthersAreRejected_JoinsTheLine()
    {
        _outbox.Connect(_link, isStorageNew: true);
        _ = Send(0);
        _link.Last.End(PublishOutcome.Rejected);
        _ = Send(1);
        Assert.That(StateOf(1), Is.EqualTo(RequestState.Rejected));
        Assert.That(_link.Published, Has.Count.EqualTo(1));
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        Assert.That(_link.Published, Has.Count.EqualTo(3));
    }

    [Test]
    public void Tasks_RejectedOnALinkThatIsLost_AreAllSentOnTheNext()
    {
        _outbox.Connect(_link, isStorageNew: true);
        for (var i = 0; i < 4; i++) _ = Send(i);
        foreach (var message in _link.Published.ToArray()) message.End(PublishOutcome.Rejected);
        _link.IsOpen = false;
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        var next = new FakeLink();
        _outbox.Connect(next, isStorageNew: false);
        Assert.That(next.Published, Has.Count.EqualTo(4));
        _clock.Advance(TimeSpan.FromMilliseconds(200));
        Assert.That(next.Published, Has.Count.EqualTo(4), "nobody is sent twice");
    }

    [Test]
    public async Task Cancel_BeforeItWasSent_EndsAtOnce()
    {
        var reply = Send(0);
        _outbox.Requests[0].Cancel();
        Assert.That((await Within.Time(reply)).Outcome, Is.EqualTo(TaskOutcome.Cancelled));
        _outbox.Connect(_link, isStorageNew: true);
        Assert.That(_link.Published, Is.Empty);
    }

    [Test]
    public async Task Cancel_OfARejectedTask_EndsAtOnce_AndItKnocksNoMore()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _link.Last.End(PublishOutcome.Rejected);
        _outbox.Requests[0].Cancel();
        await Within.Time(reply);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(_link.Published, Has.Count.EqualTo(1));
        Assert.That(_link.Cancelled, Is.Empty);
        Assert.That(_outbox.Knocking.IsClosed, Is.False);
    }

    [Test]
    public async Task Cancel_OfAStoredTask_AsksTheHostsAndWaitsForTheGrace()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _link.Last.End(PublishOutcome.Stored);
        _outbox.Requests[0].Cancel();
        Assert.That(_link.Cancelled, Is.EqualTo(new[] { _link.Last.TaskId }));
        Assert.That(reply.IsCompleted, Is.False);
        _clock.Advance(Grace - TimeSpan.FromMilliseconds(1));
        Assert.That(reply.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That((await Within.Time(reply)).Outcome, Is.EqualTo(TaskOutcome.Cancelled));
    }

    [Test]
    public async Task Cancel_OfATaskThatSucceeds_HasTheResult_AndTheGraceIsNotThatOfTheNextTask()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _link.Last.End(PublishOutcome.Stored);
        _outbox.Requests[0].Cancel();
        Assert.That(_outbox.Receive(_link.Last.TaskId, Ok));
        Assert.That((await Within.Time(reply)).Outcome, Is.EqualTo(TaskOutcome.Ok));
        var next = Send(0);
        _clock.Advance(Grace * 2);
        Assert.That(next.IsCompleted, Is.False);
    }

    [Test]
    public async Task Cancel_WhileItIsBeingSent_EndsOnceTheBrokerHasRejectedIt()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _outbox.Requests[0].Cancel();
        Assert.That(_link.Cancelled, Has.Count.EqualTo(1));
        _link.Last.End(PublishOutcome.Rejected);
        await Within.Time(reply);
    }

    [Test]
    public async Task Cancel_OfATaskThatMayBeStored_WithoutALink_EndsAtOnce()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _link.Last.End(PublishOutcome.Stored);
        _link.IsOpen = false;
        _outbox.Requests[0].Cancel();
        await Within.Time(reply);
    }

    [Test]
    public async Task Cancel_OfATaskThatWasLostAndMayBeThere_IsNotSentAgain()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _outbox.Requests[0].Cancel();
        _link.Last.End(PublishOutcome.Lost);
        var next = new FakeLink();
        _outbox.Connect(next, isStorageNew: true);
        Assert.That(next.Published, Is.Empty);
        _clock.Advance(Grace);
        await Within.Time(reply);
    }

    [Test]
    public async Task Abort_WhileACancelledTaskMayAnswer_EndsItAtOnce()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        _link.Last.End(PublishOutcome.Stored);
        _outbox.Requests[0].Cancel();
        _outbox.Abort();
        await Within.Time(reply);
        var next = Send(1);
        _link.Last.End(PublishOutcome.Stored);
        _outbox.Requests[1].Cancel();
        await Within.Time(next);
        Assert.That(_link.Cancelled, Has.Count.EqualTo(2));
    }

    [TestCase(nameof(RequestState.Unsent))]
    [TestCase(nameof(RequestState.Sending))]
    [TestCase(nameof(RequestState.Stored))]
    [TestCase(nameof(RequestState.Rejected))]
    [TestCase(nameof(RequestState.Returned))]
    public async Task Outage_InAnyState_FaultsTheTask_AndLaterOnes_UntilItIsOver(string name)
    {
        var state = Enum.Parse<RequestState>(name);
        if (state != RequestState.Unsent) _outbox.Connect(_link, isStorageNew: true);
        var reply = Send(0);
        switch (state)
        {
            case RequestState.Stored:
                _link.Last.End(PublishOutcome.Stored);
                break;
            case RequestState.Rejected:
                _link.Last.End(PublishOutcome.Rejected);
                break;
            case RequestState.Returned:
                _link.Last.End(PublishOutcome.Returned);
                break;
        }

        Assert.That(StateOf(0), Is.EqualTo(state));
        var outage = new RabbitTopologyException("X", "It is over.", null);
        _outbox.SetOutage(outage);
        var failure = (await Within.Time(reply)).Failure;
        Assert.That(failure, Is.TypeOf<RabbitTopologyException>());
        Assert.That(failure, Is.Not.SameAs(outage), "to throw an exception changes it");
        Assert.That(failure!.Message, Is.EqualTo(outage.Message));
        Assert.That((await Within.Time(Send(1))).Failure, Is.Not.Null);
        if (state == RequestState.Sending) _link.Last.End(PublishOutcome.Lost);
        _outbox.SetOutage(null);
        var next = new FakeLink();
        _outbox.Connect(next, isStorageNew: false);
        _ = Send(2);
        Assert.That(next.Published, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Everything_AtOnceOnManyThreads_EndsEachTaskOnce()
    {
        const int Slots = 16;
        const int Tasks = 2_000;
        _outbox = MakeOutbox(Slots, TimeProvider.System);
        var broker = new ErraticBroker(_outbox);
        var ended = 0;
        var slots = Enumerable.Range(0, Slots).Select(slot => Task.Run(async () =>
        {
            for (var i = 0; i < Tasks / Slots; i++)
            {
                var reply = _outbox.Requests[slot].SendAsync(new byte[] { 1 }, default, null).AsTask();
                await reply;
                Interlocked.Increment(ref ended);
            }
        })).ToArray();
        try
        {
            await Within.Time(Task.WhenAll(slots), "all tasks", TimeSpan.FromSeconds(60));
        }
        finally
        {
            await broker.StopAsync();
        }

        Assert.That(ended, Is.EqualTo(Tasks));
        Assert.That(_outbox.Open, Is.Zero);
    }

    private static bool IsMarkedResent(TaskMessage message) => message.Properties.Headers!.TryGetValue(MessageHeaders.Resent, out var value)
        && value is true;

    [Test]
    public async Task Reply_ToATaskAfterTwoBillionOthersOfTheSlot_EndsIt()
    {
        _outbox.Connect(_link, isStorageNew: true);
        var request = _outbox.Requests[1];
        var sequence = typeof(Request).GetField("_sequence", BindingFlags.Instance | BindingFlags.NonPublic)!;
        sequence.SetValue(request, Convert.ChangeType(int.MaxValue, sequence.FieldType, CultureInfo.InvariantCulture));
        var reply = Send(1);
        Assert.That(_outbox.Receive(_link.Last.TaskId, Ok), _link.Last.TaskId);
        await Within.Time(reply);
    }

    [Test]
    public async Task Listener_OfSpansThatThrows_KeepsNoTaskFromItsEnd()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RabbitActivity.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.OperationName == "send tw.listened") throw new InvalidOperationException("by the test");
            },
        };
        ActivitySource.AddActivityListener(listener);
        _outbox = MakeOutbox(2, exchange: "tw.listened");
        _outbox.Connect(_link, isStorageNew: true);
        var replies = new[] { Send(0), Send(1) };
        var messages = _link.Published.Cast<TaskMessage>().ToArray();
        Assert.That(() => messages[0].End(PublishOutcome.Stored), Throws.Nothing, "it is called where the broker's answers are read");
        foreach (var message in messages) Assert.That(_outbox.Receive(message.TaskId, Ok));
        await Within.Time(Task.WhenAll(replies));
    }

    private Outbox MakeOutbox(int size, TimeProvider? clock = null, string exchange = "tw.X") => new(
        size, "0123456789ab", new TaskMessageFormat(exchange, "contract", "type", clock ?? _clock), Grace,
        onQueueMissing: () => Interlocked.Increment(ref _missing));

    private Task<Reply> Send(int slot) => _outbox.Requests[slot].SendAsync(new byte[] { 1 }, default, null).AsTask();

    private RequestState StateOf(int slot) => _outbox.Requests[slot].State;

    /// <summary>Answers, confirms, rejects, returns, loses and reconnects by chance, each message in its own time.</summary>
    private sealed class ErraticBroker
    {
        private readonly Outbox _outbox;
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;

        public ErraticBroker(Outbox outbox)
        {
            _outbox = outbox;
            _running = Task.Run(RunAsync);
        }

        public async Task StopAsync()
        {
            await _end.CancelAsync();
            await Within.Time(_running);
        }

        private async Task RunAsync()
        {
            while (!_end.IsCancellationRequested)
            {
                var link = new ErraticLink(_outbox);
                _outbox.Connect(link, isStorageNew: Random.Shared.Next(4) == 0);
                await Task.Delay(Random.Shared.Next(1, 30));
                link.IsOpen = false;
                await link.EndAsync();
            }
        }
    }

    private sealed class ErraticLink(Outbox outbox) : ISubmittingLink
    {
        private readonly List<Task> _answers = [];
        private bool _isEnded;

        public bool IsOpen { get; set; } = true;

        public string ReplyQueue => "replies";

        public void Publish(Publication message)
        {
            lock (_answers)
            {
                if (!_isEnded)
                {
                    _answers.Add(Task.Run(() => AnswerAsync((TaskMessage)message, ((TaskMessage)message).TaskId)));
                    return;
                }
            }

            message.End(PublishOutcome.Lost);
        }

        public void Cancel(string taskId)
        {
        }

        public async Task EndAsync()
        {
            Task[] answers;
            lock (_answers)
            {
                _isEnded = true;
                answers = [.. _answers];
            }

            await Task.WhenAll(answers);
        }

        private async Task AnswerAsync(TaskMessage message, string taskId)
        {
            var chance = Random.Shared.Next(10);
            if (chance < 2) await Task.Yield();
            switch (chance)
            {
                case 0:
                    message.End(PublishOutcome.Rejected);
                    return;
                case 1:
                    message.End(PublishOutcome.Lost);
                    return;
                case 2:
                    message.End(PublishOutcome.Returned);
                    outbox.RenewStorage();
                    return;
                case < 6:
                    outbox.Receive(taskId, Ok);
                    message.End(PublishOutcome.Stored);
                    return;
                default:
                    message.End(PublishOutcome.Stored);
                    await Task.Yield();
                    outbox.Receive(taskId, Ok);
                    outbox.Receive(taskId, Ok);
                    return;
            }
        }
    }
}
