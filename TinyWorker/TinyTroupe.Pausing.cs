namespace TinyWorker;

public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <summary>
    /// Whether no task is started, although some may wait: between <see cref="Pause"/> and <see cref="Resume"/>, until the troupe is
    /// disposed, stopped, completed or aborted.
    /// </summary>
    public bool IsPaused => _core.IsPaused;

    /// <summary>
    /// Lets the tasks that run go on, and starts no other until <see cref="Resume"/>. Once it has returned, none starts; a worker process
    /// that had been sent tasks ahead may have begun the next one. Submitting goes on, up to the <see cref="Capacity"/>, and so do
    /// deadlines. Thread-safe; waits for no task. To pause again changes nothing.
    /// </summary>
    /// <remarks>Ending the troupe overrules a pause: what was accepted still runs. A troupe that is being ended is not paused.</remarks>
    public void Pause()
    {
        _core.Pause();
        GC.KeepAlive(this);
    }

    /// <summary>Starts tasks again; see <see cref="Pause"/>. Thread-safe. Changes nothing if the troupe is not paused.</summary>
    public void Resume()
    {
        _core.Resume();
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Submits one task for every worker that lives or is being made, with the same input: for what all of them must do, such as to load a
    /// new model or to flush. It passes the bound, and so never blocks.
    /// </summary>
    /// <remarks>
    /// Each task runs on its worker, between the others, and once: it waits while the worker is being replaced, and runs on the one that
    /// comes. Workers that are made later, because the troupe grows, do not get it: what they need at their start belongs into their
    /// factory. If a worker leaves for good before it could run its task (see <see cref="Resize"/>), the task ends cancelled.
    /// </remarks>
    /// <param name="input">The input of each task.</param>
    /// <param name="cancellationToken">Cancels the tasks, once they are accepted, as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>The futures, by the index of the worker; none if no worker lives.</returns>
    /// <exception cref="OperationCanceledException">The token has fired already: nothing was accepted.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    public IReadOnlyList<TinyFuture<TOut>> SubmitToEach(TIn input, CancellationToken cancellationToken = default)
    {
        var futures = _core.SubmitToEach(input, cancellationToken);
        GC.KeepAlive(this);
        return futures;
    }
}
