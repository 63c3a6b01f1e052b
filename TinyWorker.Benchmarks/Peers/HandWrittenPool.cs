using System.Threading.Channels;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>A pool as users write it: a bounded channel, consumer loops, a <see cref="TaskCompletionSource{T}"/> for each item.</summary>
internal sealed class HandWrittenPool<TIn, TOut> : IAsyncDisposable
{
    private readonly Channel<(TIn Input, TaskCompletionSource<TOut> Completion)> _channel;
    private readonly Task[] _consumers;

    public HandWrittenPool(Func<TIn, TOut> function, int consumers, int capacity)
    {
        _channel = Channel.CreateBounded<(TIn, TaskCompletionSource<TOut>)>(capacity);
        _consumers = [.. Enumerable.Range(0, consumers).Select(_ => Task.Run(() => ConsumeAsync(function)))];
    }

    /// <summary>Waits for room in the channel. The result is an out parameter, as one more task around both would cost time.</summary>
    public ValueTask SubmitAsync(TIn input, out Task<TOut> result)
    {
        // Continuations must not run on the loop of the consumer. Without this option the pool would be faster, and wrong.
        var completion = new TaskCompletionSource<TOut>(TaskCreationOptions.RunContinuationsAsynchronously);
        result = completion.Task;
        return _channel.Writer.WriteAsync((input, completion));
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Writer.Complete();
        await Task.WhenAll(_consumers);
    }

    private async Task ConsumeAsync(Func<TIn, TOut> function)
    {
        while (await _channel.Reader.WaitToReadAsync())
        {
            while (_channel.Reader.TryRead(out var item))
            {
                try
                {
                    item.Completion.SetResult(function(item.Input));
                }
                catch (Exception exception)
                {
                    item.Completion.SetException(exception);
                }
            }
        }
    }
}
