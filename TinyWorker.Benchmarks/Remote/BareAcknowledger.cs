using System.Threading.Channels;
using RabbitMQ.Client;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>Acknowledges the deliveries of a channel with one writer, and all of a run with one message.</summary>
internal sealed class BareAcknowledger
{
    private readonly Channel<ulong> _queue = Channel.CreateUnbounded<ulong>(new() { SingleReader = true });
    private readonly IChannel _channel;

    public BareAcknowledger(IChannel channel)
    {
        _channel = channel;
        _ = Task.Run(WriteAsync);   // ends with the process
    }

    public void Ack(ulong tag) => _queue.Writer.TryWrite(tag);

    private async Task WriteAsync()
    {
        PriorityQueue<ulong, ulong> waiting = new();   // not acknowledged yet, the lowest first
        HashSet<ulong> ahead = [];                     // acknowledged, while a lower one was not
        var next = 1UL;                                // the lowest that is not acknowledged
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var tag))
                waiting.Enqueue(tag, tag);

            var first = next;
            while (ahead.Remove(next) || (waiting.TryPeek(out var tag, out _) && tag == next && waiting.TryDequeue(out _, out _)))
                next++;
            if (next > first) await _channel.BasicAckAsync(next - 1, multiple: true);
            while (waiting.TryDequeue(out var tag, out _))
            {
                await _channel.BasicAckAsync(tag, multiple: false);
                ahead.Add(tag);
            }
        }
    }
}
