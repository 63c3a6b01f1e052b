using TinyWorker.RabbitMQ.Serving;

namespace TinyWorker.RabbitMQ;

/// <summary>The working side of a troupe on a broker: takes tasks from its queue and has a local troupe run them. It does not own that
/// troupe: stop the host first, and dispose the troupe then.</summary>
/// <remarks>
/// Thread-safe. A task is acknowledged only after the broker has confirmed its reply, so that a host that dies loses none: the broker gives
/// its tasks to another. While the local troupe has no workers, its host takes no tasks, and gives back those that it has.
/// </remarks>
/// <typeparam name="TIn">The type of a task's input.</typeparam>
/// <typeparam name="TOut">The type of a task's result.</typeparam>
public sealed class RabbitTroupeHost<TIn, TOut> : IAsyncDisposable
{
    private readonly TaskServer<TIn, TOut> _server;

    /// <summary>Makes the working side. It takes tasks once it runs.</summary>
    /// <param name="troupe">What runs the tasks. Its name is that of the troupe on the broker.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The troupe is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the name of the troupe cannot be a part of the names of queues.
    /// </exception>
    public RabbitTroupeHost(TinyTroupe<TIn, TOut> troupe, RabbitHostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        OptionChecks.CheckTroupeName(troupe.Name, nameof(troupe));
        options ??= new RabbitHostOptions();
        options.Validate(nameof(options));
        _server = new TaskServer<TIn, TOut>(troupe, options);
    }

    /// <summary>Takes tasks until the token fires or the host is stopped, and then stops as <see cref="StopAsync"/> does. Once.</summary>
    /// <param name="stopping">Ends it.</param>
    /// <returns>A task that ends when the host has stopped.</returns>
    /// <exception cref="RabbitTopologyException">The broker refuses for a reason that no waiting mends.</exception>
    /// <exception cref="InvalidOperationException">The host runs already, or has run.</exception>
    /// <exception cref="ObjectDisposedException">It was stopped before.</exception>
    public Task RunAsync(CancellationToken stopping) => _server.RunAsync(stopping);

    /// <summary>Waits until the host takes tasks: until it runs, is connected, and its local troupe has workers.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it does.</returns>
    /// <exception cref="RabbitTopologyException">The broker refuses for a reason that no waiting mends.</exception>
    /// <exception cref="BrokerUnavailableException">There was no broker for longer than
    /// <see cref="RabbitHostOptions.BrokerLostAfter"/>. The host goes on trying.</exception>
    /// <exception cref="ObjectDisposedException">The host was stopped.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => _server.WhenReadyAsync(cancellationToken);

    /// <summary>
    /// Takes no more tasks, and gives those back that have not begun. Those that run may end within
    /// <see cref="RabbitHostOptions.DrainTimeout"/>, and are answered and acknowledged; what runs longer is cancelled, and goes back, too.
    /// May be called again, and from many threads: all wait for the one end.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping: what runs then is cancelled and goes back.</param>
    /// <returns>A task that ends when the host has stopped.</returns>
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    /// <summary>What the host is doing now. Takes a moment, whatever the tasks do. The counts of the queues are some seconds old: the host
    /// asks for new ones aside, and shows them at the next call.</summary>
    /// <returns>The counts.</returns>
    public RabbitHostSnapshot Snapshot() => _server.Snapshot();

    /// <summary>Stops the host; see <see cref="StopAsync"/>.</summary>
    /// <returns>A task that ends when the host has stopped.</returns>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
