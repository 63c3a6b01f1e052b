using System.Diagnostics;
using System.Threading.Channels;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// Acknowledges deliveries of one channel. Any thread may tell it; one writer tells the broker, and says it for a run of deliveries at once
/// where it can. After the end of the session it does nothing: the broker gives out again what was not acknowledged. Thread-safe.
/// </summary>
/// <remarks>
/// The channel must have no other acknowledgements than these, and the consumers must not acknowledge by themselves.
/// The process of a channel at the broker sends 32 commands at a time to a quorum queue (<c>quorum_commands_soft_limit</c>), keeps the
/// others until the queue has carried out some, and tells nobody. What it keeps dies with it: the queue gives out again what was
/// acknowledged in the last milliseconds before the channel ended. (Seen with RabbitMQ 3.10.8. Pull request 17403 of rabbitmq-server tells
/// that its <c>rabbit_fifo_client</c> does the same in 2026.) So a flush leaves the queue time when so many commands were sent just now.
/// </remarks>
internal sealed class Acknowledger
{
    private const int MostAtATime = 32;

    // A quorum queue has written a command to the disks of its nodes in milliseconds, and in tens of them under load.
    private static readonly TimeSpan TimeOfAQueue = TimeSpan.FromMilliseconds(500);

    private readonly BrokerSession _session;
    private readonly IChannel _channel;
    private readonly Channel<Settlement> _queue = Channel.CreateUnbounded<Settlement>(new() { SingleReader = true });

    // The writer's alone:
    private readonly List<ulong> _acks = [];
    private readonly List<TaskCompletionSource<TimeSpan>> _flushes = [];
    private readonly HashSet<ulong> _ahead = []; // settled at the broker, while an earlier one is not
    private ulong _next = 1; // the first that is not settled at the broker
    private readonly long[] _sentAt = new long[MostAtATime]; // when each of the last commands was sent, as a timestamp
    private long _commands; // how many there were

    public Acknowledger(BrokerSession session, IChannel channel)
    {
        (_session, _channel) = (session, channel);
        using (ExecutionContext.SuppressFlow()) BrokerSession.LetGo(Task.Run(WriteAsync));
    }

    /// <summary>The delivery is done with. Once for each.</summary>
    public void Ack(ulong tag) => _queue.Writer.TryWrite(new(tag, Kind.Ack));

    /// <summary>The delivery goes back to its queue, or to the dead letters.</summary>
    public void Nack(ulong tag, bool requeue) => _queue.Writer.TryWrite(new(tag, requeue ? Kind.Requeue : Kind.Reject));

    /// <summary>Waits until the queues have what was said before, or the session has ended. Then the channel may be closed.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushed = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_queue.Writer.TryWrite(new(0, Kind.Flush, flushed))) return;
        var wait = await flushed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (wait > TimeSpan.Zero) await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_session.Ended).ConfigureAwait(false))
            {
                _acks.Clear();
                while (_queue.Reader.TryRead(out var settlement))
                {
                    switch (settlement.Kind)
                    {
                        case Kind.Ack:
                            _acks.Add(settlement.Tag);
                            continue;
                        case Kind.Flush:
                            _flushes.Add(settlement.Flushed!);
                            continue;
                        default:
                            // Before the acknowledgements of the same batch: one of those for a run would take it along.
                            NoteSent();
                            await _channel.BasicNackAsync(settlement.Tag, multiple: false, settlement.Kind == Kind.Requeue, _session.Ended)
                                .ConfigureAwait(false);
                            _ahead.Add(settlement.Tag);
                            continue;
                    }
                }

                await SendAcksAsync().ConfigureAwait(false);
                EndFlushes(WaitForQueues());
            }
        }
        catch (Exception error)
        {
            _session.Fail(error);
        }
        finally
        {
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out var settlement)) settlement.Flushed?.SetResult(TimeSpan.Zero);
            EndFlushes(TimeSpan.Zero);
        }
    }

    // An acknowledgement for a run says: all up to this one. So it may only be sent if all before it are settled, or are in this batch.
    private async ValueTask SendAcksAsync()
    {
        _acks.Sort();
        var sent = 0;
        var last = 0ul;
        while (true)
        {
            if (_ahead.Remove(_next))
            {
                _next++;
            }
            else if (sent < _acks.Count && _acks[sent] == _next)
            {
                last = _next++;
                sent++;
            }
            else
            {
                break;
            }
        }

        if (sent > 0)
        {
            NoteSent();
            await _channel.BasicAckAsync(last, multiple: sent > 1, _session.Ended).ConfigureAwait(false);
        }

        for (; sent < _acks.Count; sent++)
        {
            NoteSent();
            await _channel.BasicAckAsync(_acks[sent], multiple: false, _session.Ended).ConfigureAwait(false);
            _ahead.Add(_acks[sent]);
        }
    }

    private void NoteSent() => _sentAt[_commands++ % MostAtATime] = Stopwatch.GetTimestamp();

    // How long the queues may take for what was sent; nothing if the channel's process cannot have kept any of it back.
    private TimeSpan WaitForQueues()
    {
        if (_commands < MostAtATime) return TimeSpan.Zero;
        var (first, last) = (_sentAt[_commands % MostAtATime], _sentAt[(_commands - 1) % MostAtATime]);
        return Stopwatch.GetElapsedTime(first, last) < TimeOfAQueue ? TimeOfAQueue - Stopwatch.GetElapsedTime(last) : TimeSpan.Zero;
    }

    private void EndFlushes(TimeSpan wait)
    {
        foreach (var flush in _flushes) flush.SetResult(wait);
        _flushes.Clear();
    }

    private enum Kind : byte
    {
        Ack,
        Requeue,
        Reject,
        Flush,
    }

    private readonly record struct Settlement(ulong Tag, Kind Kind, TaskCompletionSource<TimeSpan>? Flushed = null);
}
