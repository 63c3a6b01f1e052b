namespace TinyWorker.RabbitMQ;

/// <summary>The working side of a troupe on a broker: takes tasks from its queue and has a local troupe run them. It does not own that
/// troupe.</summary>
/// <typeparam name="TIn">The type of a task's input.</typeparam>
/// <typeparam name="TOut">The type of a task's result.</typeparam>
public sealed class RabbitTroupeHost<TIn, TOut> : IAsyncDisposable
{
    /// <summary>Makes the working side. It takes tasks once it runs.</summary>
    /// <param name="troupe">What runs the tasks. Its name is that of the troupe on the broker.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    public RabbitTroupeHost(TinyTroupe<TIn, TOut> troupe, RabbitHostOptions? options = null) => throw new NotImplementedException();

    /// <summary>Takes tasks until the token fires, and then stops as <see cref="StopAsync"/> does.</summary>
    /// <param name="stopping">Ends it.</param>
    /// <returns>A task that ends when the host has stopped.</returns>
    public Task RunAsync(CancellationToken stopping) => throw new NotImplementedException();

    /// <summary>Waits until the host takes tasks.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it does.</returns>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Takes no more tasks, and waits for those that run.</summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping.</param>
    /// <returns>A task that ends when the host has stopped.</returns>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>What the host is doing now.</summary>
    /// <returns>The counts.</returns>
    public RabbitHostSnapshot Snapshot() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
