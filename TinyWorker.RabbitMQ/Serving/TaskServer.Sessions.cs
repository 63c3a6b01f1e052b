using System.Text;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Serving;

// Sessions come and go; consumers do, too: while the local troupe is down, when the prefetch changes, and at the end.
internal sealed partial class TaskServer<TIn, TOut>
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);          // at a local troupe that is down
    private static readonly TimeSpan ControlPeriod = TimeSpan.FromSeconds(5);       // between two tries to hear of cancellations
    private static readonly TimeSpan FreePeriod = TimeSpan.FromSeconds(5);          // between two times that places are freed
    private static readonly TimeSpan AnswerPeriod = TimeSpan.FromSeconds(1);        // less than Outbox.Slow: a broker that answers for no queue hangs
    private static readonly TimeSpan OverduePeriod = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConsumerTimeout = TimeSpan.FromMinutes(30);    // the broker's default
    private static readonly TimeSpan Overdue = ConsumerTimeout * 0.8;
    private const int LongestId = 255;   // bytes

    private readonly Lock _downLock = new();   // guards the changes of _isDown
    private volatile bool _isDown;             // the local troupe runs nothing
    private volatile bool _isGone;             // it was stopped, for good
    private long _lookedAt;                    // the ticker's alone, as are the next ones
    private long _controlTriedAt;
    private long _freedAt;
    private long _overdueAt;

    private bool MayConsume => !_isStopping && !_isDown;

    private async Task SetUpAsync(BrokerSession broker, CancellationToken cancellationToken)
    {
        await _topology.EnsureAsync(broker, cancellationToken).ConfigureAwait(false);
        var tasks = await broker.OpenChannelAsync(prefetch: 0, cancellationToken).ConfigureAwait(false);
        var suspects = await broker.OpenChannelAsync(prefetch: 1, cancellationToken).ConfigureAwait(false);
        var outbox = new Outbox(
            _clock, async () => new PublisherChannel(await broker.OpenPublisherAsync(broker.Ended).ConfigureAwait(false)), _ticker.Wake);
        var session = new ServingSession(broker, tasks, suspects, outbox, NoteSettled);
        broker.Ended.UnsafeRegister(
            _ =>
            {
                outbox.End();
                NoteSettled();
            },
            null);
        _session = session;
        Interlocked.MemoryBarrier();   // see GoDown
        await ReconcileAsync(session).WaitAsync(cancellationToken).ConfigureAwait(false);
        BeginControl(session);   // aside: a node that hangs holds up such declarations, and tasks run without them
    }

    private void OnConnectionChanged()
    {
        if (_connection.Outage is RabbitTopologyException outage) _failed.TrySetResult(outage);
        NoteWhetherConsuming();
    }

    // Computed anew by whoever has changed a part of it: the last one is right.
    private void NoteWhetherConsuming()
    {
        lock (_readyLock)
        {
            if (_session is { IsOver: false, Prefetch: > 0 }) _isConsuming.Set();
            else _isConsuming.Reset();
        }
    }

    /// <summary>Makes the consumers be as they should now be.</summary>
    /// <param name="session">The session.</param>
    /// <param name="anew">Whether those of tasks are to be made anew, so that all their places are free.</param>
    private async Task ReconcileAsync(ServingSession session, bool anew = false)
    {
        using (await _consuming.LockAsync(session.Broker.Ended).ConfigureAwait(false))
        {
            var wanted = MayConsume ? Prefetch : (ushort)0;
            if (session.Prefetch != wanted || (anew && wanted > 0))
            {
                await CancelAsync(session.Tasks).ConfigureAwait(false);
                if (wanted == 0) await CancelAsync(session.Suspects).ConfigureAwait(false);
                if (wanted > 0) await ConsumeAsync(session, wanted).ConfigureAwait(false);
                session.Prefetch = wanted;
            }

            NoteWhetherConsuming();
            session.ReleaseHeld();
        }
    }

    // What the old consumer has delivered stays here and keeps its tag: the channel is the same.
    private async Task ConsumeAsync(ServingSession session, ushort prefetch)
    {
        var ended = session.Broker.Ended;
        await session.Tasks.Channel.BasicQosAsync(0, prefetch, global: false, ended).ConfigureAwait(false);
        session.ConsumingSince = _clock.GetTimestamp();
        session.Tasks.Consumer = await session.Broker.ConsumeAsync(
            session.Tasks.Channel, _topology.Tasks, exclusive: false, HandlerOf(session.Tasks), ended).ConfigureAwait(false);
        session.Suspects.Consumer ??= await session.Broker.ConsumeAsync(
            session.Suspects.Channel, _topology.Suspects, exclusive: false, HandlerOf(session.Suspects), ended).ConfigureAwait(false);
        if (session.Prefetch == 0) Log.Consuming(_logger, _troupe.Name, HostName, prefetch);
        else if (session.Prefetch != prefetch) Log.PrefetchChanged(_logger, _troupe.Name, HostName, prefetch, session.Prefetch);
    }

    private static async Task CancelAsync(ServingSession.ServingChannel channel)
    {
        if (channel.Consumer is not { } consumer) return;
        await channel.Channel.BasicCancelAsync(consumer, noWait: false, channel.Session.Broker.Ended).ConfigureAwait(false);
        channel.Consumer = null;
    }

    private void BeginReconciling(ServingSession session, bool anew = false) => _ = Task.Run(async () =>
    {
        try
        {
            await ReconcileAsync(session, anew).ConfigureAwait(false);
        }
        catch (Exception e) when (!session.IsOver)
        {
            session.Broker.Fail(e);   // neither consuming nor not: the next session is
        }
        catch (Exception)
        {
            // The session has ended.
        }
    });

    private void BeginControl(ServingSession session)
    {
        if (!session.TryBeginControl()) return;
        _ = Task.Run(async () =>
        {
            var ended = session.Broker.Ended;
            try
            {
                var queue = await _topology.EnsureControlQueueAsync(session.Broker, ended).ConfigureAwait(false);
                var channel = await session.Broker.OpenChannelAsync(prefetch: 0, ended).ConfigureAwait(false);
                var acknowledger = session.Broker.OpenAcknowledger(channel);
                await session.Broker.ConsumeAsync(
                    channel, queue, exclusive: true,
                    (tag, _, _, _, _, body) =>
                    {
                        OnCancellation(body.Span);
                        acknowledger.Ack(tag);
                        return default;
                    },
                    ended).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                if (session.IsOver) return;
                Log.NoControl(_logger, _troupe.Name, HostName, e);
                session.GiveUpControl();
                _ticker.Wake();
            }
        });
    }

    private void OnCancellation(ReadOnlySpan<byte> taskId)
    {
        // Ids are remembered, and AMQP has none that is longer: this is no cancellation.
        if (taskId.Length is 0 or > LongestId) return;
        _tasks.Cancel(Encoding.UTF8.GetString(taskId))?.CancelForSubmitter();
    }

    /// <summary>The local troupe runs nothing: no task is to fault for that. Called before the first delivery is given back.</summary>
    /// <param name="cause">What a task faulted with; null if it was cancelled.</param>
    private void GoDown(Exception? cause)
    {
        lock (_downLock)
        {
            if (cause is ObjectDisposedException && !_isGone)
            {
                _isGone = true;
                if (!_isStopping) Log.TroupeIsGone(_logger, _troupe.Name, HostName);
            }

            if (_isDown) return;
            _session?.HoldBack();
            _isDown = true;
        }

        Interlocked.MemoryBarrier();   // a session that is set up later than this sees it, and takes nothing
        var session = _session;
        session?.HoldBack();

        if (!_isGone) Log.TroupeIsDown(_logger, _troupe.Name, HostName, _troupe.Snapshot().Condition.ToString(), cause);
        if (session is not null) BeginReconciling(session);
        _ticker.Wake();
    }

    private void LookAtTroupe()
    {
        if (_isGone) return;
        var condition = _troupe.Snapshot().Condition;
        if (condition is TroupeCondition.Down or TroupeCondition.Broken or TroupeCondition.Stopped) return;
        lock (_downLock) _isDown = false;
        Interlocked.MemoryBarrier();   // as in GoDown
        Log.TroupeIsUp(_logger, _troupe.Name, HostName, condition);
        if (_session is { } session) BeginReconciling(session);
    }

    private bool Tick()
    {
        var now = _clock.GetTimestamp();
        if (_isDown && !_isStopping && HasPassed(LookPeriod, ref _lookedAt)) LookAtTroupe();
        if (HasPassed(OverduePeriod, ref _overdueAt)) WarnOfOverdue(now);

        var session = _session is { IsOver: false } current ? current : null;
        if (session is not null)
        {
            var slow = session.Outbox.Tick(session.Broker.IsBlocked, session.ConsumingSince);
            if (slow > 0 && session.Outbox.HasAnsweredWithin(AnswerPeriod)) FreePlaces(session, slow);
            if (!session.HasControl && HasPassed(ControlPeriod, ref _controlTriedAt)) BeginControl(session);
        }

        NoteSettled();   // a stop looks again, also at whether the broker is blocked
        return _isStopping || (_isDown && !_isGone) || _tasks.Running > 0 || session is { Outbox.Waiting: > 0 } or { HasControl: false };

        bool HasPassed(TimeSpan period, ref long since)
        {
            if (since != 0 && _clock.GetElapsedTime(since, now) < period) return false;
            since = now;
            return true;
        }
    }

    // Replies that their queue does not take hold places among what the broker gives to this host, and other submitters wait for those. A
    // consumer made anew has all its places, beside what the old one has delivered. Not while the broker answers for no queue at all: it hangs
    // then, and a session that ended over a consumer in the making would leave that behind (seen on 3.10.8).
    private void FreePlaces(ServingSession session, int slow)
    {
        var now = _clock.GetTimestamp();
        if (session.Broker.IsBlocked || slow * 2 < session.Prefetch) return;
        if (_freedAt != 0 && _clock.GetElapsedTime(_freedAt, now) < FreePeriod) return;
        _freedAt = now;
        Log.PlacesFreed(_logger, _troupe.Name, HostName, slow);
        BeginReconciling(session, anew: true);
    }

    private void WarnOfOverdue(long now)
    {
        var before = now - (long)(Overdue.TotalSeconds * _clock.TimestampFrequency);
        foreach (var task in _tasks.TakeOverdue(before))
            Log.NearConsumerTimeout(_logger, _troupe.Name, task.Id, _clock.GetElapsedTime(task.Since, now).TotalMinutes);
    }

    private sealed class PublisherChannel(ConfirmingPublisher publisher) : IOutboxChannel
    {
        public void Publish(Publication publication) => publisher.Publish(publication);

        public void Close() => publisher.Close();
    }
}
