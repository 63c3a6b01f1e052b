using System.Net.Sockets;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// A socket's stream that sends together what was written while an earlier sending was under way. RabbitMQ.Client writes and flushes each
/// frame by itself: with small messages most of a sender's processor time is system calls. One writer at a time, as streams have it.
/// </summary>
/// <remarks>
/// Written bytes are in one of two buffers: the one that is filled, or the one that is being sent. The writer owns the first and the sender the
/// second; they change under the lock. The sender runs while <see cref="_isSending"/> is set: whoever finds bytes and no sender sets it and
/// starts one, and the sender takes it back only if it has found no bytes under the same lock. So no bytes stay behind.
/// </remarks>
internal sealed class BatchingStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
{
    // Beyond that a writer waits: what is not sent shall not pile up.
    private const int MaxWaiting = 256 * 1024;

    private readonly Lock _gate = new();
    private byte[] _filling = new byte[16 * 1024];
    private byte[] _sending = new byte[16 * 1024];
    private int _filled;
    private bool _isSending;
    private Exception? _fault; // of the sender; set once
    private TaskCompletionSource? _isDrained; // there while somebody waits until all is sent

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > MaxWaiting / 4) return WriteLargeAsync(buffer, cancellationToken);
        Task? room = null;
        lock (_gate)
        {
            if (_fault is not null) return ValueTask.FromException(Broken(_fault));
            Append_NeedsLock(buffer.Span);
            if (_filled > MaxWaiting) room = WhenDrained_NeedsLock();
        }

        return room is null ? default : new ValueTask(room.WaitAsync(cancellationToken));
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is written asynchronously.");

    public override void Write(ReadOnlySpan<byte> buffer) => throw new NotSupportedException("It is written asynchronously.");

    /// <summary>Does nothing: what was written is on its way.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    /// <summary>Waits until what was written has been sent or can no more be sent.</summary>
    public override async ValueTask DisposeAsync()
    {
        await WhenDrainedAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask WriteLargeAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        // Sent from where it is. Nobody else writes meanwhile, and the sender rests.
        await WhenDrainedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    private Task WhenDrainedAsync()
    {
        lock (_gate)
        {
            if (_fault is not null) return Task.FromException(Broken(_fault));
            return _isSending ? WhenDrained_NeedsLock() : Task.CompletedTask;
        }
    }

    private Task WhenDrained_NeedsLock() =>
        (_isDrained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Append_NeedsLock(ReadOnlySpan<byte> bytes)
    {
        if (_filling.Length - _filled < bytes.Length)
            Array.Resize(ref _filling, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(_filled + bytes.Length)));
        bytes.CopyTo(_filling.AsSpan(_filled));
        _filled += bytes.Length;
        if (_isSending) return;
        _isSending = true;
        // On the pool, and not here: the writer has more, and what comes until then goes along.
        ThreadPool.UnsafeQueueUserWorkItem(static self => _ = self.SendAsync(), this, preferLocal: false);
    }

    private async Task SendAsync()
    {
        TaskCompletionSource? drained = null;
        try
        {
            while (true)
            {
                int count;
                lock (_gate)
                {
                    if (_filled == 0)
                    {
                        _isSending = false;
                        (drained, _isDrained) = (_isDrained, null);
                        break;
                    }

                    (_filling, _sending, count, _filled) = (_sending, _filling, _filled, 0);
                }

                await base.WriteAsync(_sending.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                _fault = error;
                (drained, _isDrained) = (_isDrained, null);
            }

            drained?.SetException(Broken(error));
            return;
        }

        drained?.SetResult();
    }

    private static IOException Broken(Exception cause) => new("The connection is broken: " + cause.Message, cause);
}
