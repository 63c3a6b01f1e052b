using System.Threading.Channels;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>The lower limit: a bounded channel and consumer loops that return no results, only a sum at the end.</summary>
internal sealed class RawChannel : IAsyncDisposable
{
    private readonly Channel<int> _channel;
    private readonly Task[] _consumers;

    // Replaced for each round before its first item is written; the consumer that takes the last item completes it.
    private TaskCompletionSource<long> _round = new();
    private int _remaining;
    private long _sum;

    public RawChannel(Func<int, int> function, int consumers, int capacity)
    {
        _channel = Channel.CreateBounded<int>(capacity);
        _consumers = [.. Enumerable.Range(0, consumers).Select(_ => Task.Run(() => ConsumeAsync(function)))];
    }

    public async Task<long> WriteAllAsync(int count)
    {
        _round = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _sum = 0;
        Volatile.Write(ref _remaining, count);

        for (var i = 0; i < count; i++)
            await _channel.Writer.WriteAsync(i);
        return await _round.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Writer.Complete();
        await Task.WhenAll(_consumers);
    }

    private async Task ConsumeAsync(Func<int, int> function)
    {
        while (await _channel.Reader.WaitToReadAsync())
        {
            // Counted by batch: a raw channel does not have the cost of an interlocked operation for each item.
            var taken = 0;
            long sum = 0;
            while (_channel.Reader.TryRead(out var x))
            {
                sum += function(x);
                taken++;
            }

            Interlocked.Add(ref _sum, sum);
            if (taken > 0 && Interlocked.Add(ref _remaining, -taken) == 0)
                _round.SetResult(Interlocked.Read(ref _sum));
        }
    }
}
