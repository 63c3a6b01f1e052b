namespace TinyWorker;

/// <summary>
/// A troupe of whatever types: what hosts, health checks and dashboards need of it. Thread-safe. See <see cref="TinyTroupe{TIn, TOut}"/>.
/// </summary>
public interface ITroupe : IAsyncDisposable
{
    /// <summary>The troupe's name, as in its options.</summary>
    string Name { get; }

    /// <summary>Waits until every worker has been made; for a start that is meant to fail early.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when they are ready.</returns>
    /// <exception cref="WorkerStartException">A worker could not be made.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="ObjectDisposedException">The troupe was stopped before every worker had been made.</exception>
    /// <exception cref="InvalidOperationException">It is not ready, and the caller runs inside a worker of this troupe.</exception>
    Task WhenReadyAsync(CancellationToken cancellationToken = default);

    /// <summary>What the troupe is doing now. Takes a moment, whatever the tasks do.</summary>
    /// <returns>The counts; they belong together.</returns>
    TroupeSnapshot Snapshot();

    /// <summary>
    /// Tells whether the workers are starved, blocked or busy, about how long tasks wait and run, and what to change. Takes a moment,
    /// whatever the tasks do, and may be called from anywhere.
    /// </summary>
    /// <param name="since">An earlier explanation of this troupe; null for none.</param>
    /// <returns>The paragraph and the figures behind it.</returns>
    /// <exception cref="ArgumentException">The explanation is of another troupe.</exception>
    TroupeExplanation Explain(TroupeExplanation? since = null);

    /// <summary>
    /// Stops the troupe: takes no new work, lets every accepted task end, those that wait for their input included, and disposes every
    /// worker. Once the token fires it aborts instead.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping.</param>
    /// <returns>A task that ends when the troupe is gone.</returns>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Cancels what runs and ends everything that waits as Canceled. Takes no new work. Overrules a drain under way. Returns at once;
    /// dispose the troupe to wait for the end. May be called from anywhere.
    /// </summary>
    void Abort();
}
