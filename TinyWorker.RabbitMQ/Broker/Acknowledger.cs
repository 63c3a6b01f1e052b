using System.Threading.Channels;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// Acknowledges deliveries of one channel. Any thread may tell it; one writer tells the broker, and says it for a run of deliveries at once
/// where it can. After the end of the session it does nothing: the broker gives out again what was not acknowledged. Thread-safe.
/// </summary>
/// <remarks>The channel must have no other acknowledgements than these, and the consumers must not acknowledge by themselves.</remarks>
internal sealed class Acknowledger
{
    private readonly BrokerSession _session;
    private readonly IChannel _channel;
    private readonly Channel<Settlement> _queue = Channel.CreateUnbounded<Settlement>(new() { SingleReader = true });

    // The writer's alone:
    private readonly List<ulong> _acks = [];
    private readonly List<TaskCompletionSource> _flushes = [];
    private readonly HashSet<ulong> _ahead = []; // settled at the broker, while an earlier one is not
    private ulong _next = 1; // the first that is not settled at the broker

    public Acknowledger(BrokerSession session, IChannel channel)
    {
        (_session, _channel) = (session, channel);
        using (ExecutionContext.SuppressFlow()) BrokerSession.LetGo(Task.Run(WriteAsync));
    }

    /// <summary>The delivery is done with. Once for each.</summary>
    public void Ack(ulong tag) => _queue.Writer.TryWrite(new(tag, Kind.Ack));

    /// <summary>The delivery goes back to its queue, or to the dead letters.</summary>
    public void Nack(ulong tag, bool requeue) => _queue.Writer.TryWrite(new(tag, requeue ? Kind.Requeue : Kind.Reject));

    /// <summary>Waits until the broker was told what was said before, or the session has ended.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(new(0, Kind.Flush, flushed)) ? flushed.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
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
                            await _channel.BasicNackAsync(settlement.Tag, multiple: false, settlement.Kind == Kind.Requeue, _session.Ended)
                                .ConfigureAwait(false);
                            _ahead.Add(settlement.Tag);
                            continue;
                    }
                }

                await SendAcksAsync().ConfigureAwait(false);
                EndFlushes();
            }
        }
        catch (Exception error)
        {
            _session.Fail(error);
        }
        finally
        {
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out var settlement)) settlement.Flushed?.SetResult();
            EndFlushes();
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

        if (sent > 0) await _channel.BasicAckAsync(last, multiple: sent > 1, _session.Ended).ConfigureAwait(false);
        for (; sent < _acks.Count; sent++)
        {
            await _channel.BasicAckAsync(_acks[sent], multiple: false, _session.Ended).ConfigureAwait(false);
            _ahead.Add(_acks[sent]);
        }
    }

    private void EndFlushes()
    {
        foreach (var flush in _flushes) flush.SetResult();
        _flushes.Clear();
    }

    private enum Kind : byte
    {
        Ack,
        Requeue,
        Reject,
        Flush,
    }

    private readonly record struct Settlement(ulong Tag, Kind Kind, TaskCompletionSource? Flushed = null);
}
