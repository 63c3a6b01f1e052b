namespace TinyWorker;

public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <summary>Waits until every worker has been made; for a start that is meant to fail early.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when they are ready.</returns>
    /// <exception cref="WorkerStartException">A worker could not be made.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="ObjectDisposedException">The troupe was stopped before every worker had been made.</exception>
    /// <exception cref="InvalidOperationException">It is not ready, and the caller runs inside a worker of this troupe.</exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => _troupe.WhenReadyAsync(cancellationToken);

    /// <summary>What the troupe is doing now. Takes a moment, whatever the tasks do.</summary>
    /// <returns>The counts; they belong together.</returns>
    public TroupeSnapshot Snapshot() => _troupe.Snapshot();

    /// <summary>
    /// Tells whether the workers are starved, blocked or busy, about how long tasks wait and run, and what to change. Takes a moment,
    /// whatever the tasks do, and may be called from anywhere.
    /// </summary>
    /// <remarks>
    /// The condition is that of this moment: ask a working troupe more than once. The rate, and the times that follow from it, are means
    /// over the whole life of the troupe. With an earlier explanation they are means over the time since then, which tells more: keep
    /// one, and ask again some seconds later. They are estimates from counts; for each task's own times listen to the meter.
    /// </remarks>
    /// <param name="since">An earlier explanation of this troupe; null for none.</param>
    /// <returns>The paragraph and the figures behind it.</returns>
    /// <exception cref="ArgumentException">The explanation is of another troupe.</exception>
    public TroupeExplanation Explain(TroupeExplanation? since = null) => _troupe.Explain(since);

    /// <summary>
    /// Stops the troupe: takes no new work, lets every accepted task end, those that wait for their input included, and disposes every
    /// worker. Once the token fires it aborts instead. Returns when all threads are gone, those of abandoned workers excepted.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping.</param>
    /// <returns>A task that ends when the troupe is gone.</returns>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        var stop = _troupe.StopAsync(cancellationToken);
        GC.KeepAlive(this);   // the finalizer of a troupe that is closed does nothing
        return stop;
    }

    /// <summary>
    /// Stops the troupe without a limit of time; see <see cref="StopAsync"/>. May be called again, and from many threads: all wait for
    /// the one teardown.
    /// </summary>
    /// <remarks>If the disposal of a worker throws (a flush, a commit), everything else is torn down first; then the first who waits gets
    /// its exception, or an <see cref="AggregateException"/> of several. In an <c>await using</c> it hides an exception of the body.
    /// </remarks>
    /// <returns>A task that ends when the troupe is gone.</returns>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public ValueTask DisposeAsync()
    {
        var stop = _troupe.StopAsync(CancellationToken.None);
        if (_core.Gate.IsClosed) GC.SuppressFinalize(this);   // not if it was refused, as it is inside a worker
        return new ValueTask(stop);
    }

    /// <summary>
    /// Blocks until the troupe has stopped; see <see cref="StopAsync"/>. A troupe of threads needs no thread of the shared pool for it.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public void Dispose()
    {
        _troupe.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until nothing waits and nothing runs. The troupe stays open: others may submit meanwhile, and afterwards.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends at a moment when the troupe was idle.</returns>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public Task WhenIdleAsync(CancellationToken cancellationToken = default) => _troupe.WhenIdleAsync(cancellationToken);

    /// <summary>
    /// Stops the troupe once its work has run out, for work that makes work: nobody outside can submit any more
    /// (<see cref="ObjectDisposedException"/>, also for those who wait for room), the troupe's own workers can. When nothing waits and
    /// nothing runs, it stops as <see cref="DisposeAsync"/> does.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the stopping.</param>
    /// <returns>A task that ends when the troupe is gone.</returns>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        var completion = _troupe.CompleteAsync(cancellationToken);
        GC.KeepAlive(this);
        return completion;
    }

    /// <summary>
    /// Cancels what runs (its token fires; after the grace its worker is abandoned) and ends everything that waits as Canceled. Takes no
    /// new work. Overrules a drain under way. Returns at once; dispose the troupe to wait for the end. May be called from anywhere.
    /// </summary>
    public void Abort()
    {
        _troupe.Abort();
        GC.KeepAlive(this);
    }
}
