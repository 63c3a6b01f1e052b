using TinyWorker.Composing;

namespace TinyWorker;

/// <summary>What asynchronous code mostly wants of a troupe, and how troupes are put together.</summary>
public static class TinyTroupeExtensions
{
    /// <summary>Runs a task and gives its result; waits without a thread, first for room in the troupe and then for the result.</summary>
    /// <remarks>
    /// It is <see cref="ITinyTroupe{TIn, TOut}.SubmitAsync(TIn, CancellationToken)"/> and an await of the future, for code that needs no
    /// future. As with every <see cref="ValueTask{TResult}"/>, await it once.
    /// </remarks>
    /// <typeparam name="TIn">What a task takes.</typeparam>
    /// <typeparam name="TOut">What a task returns.</typeparam>
    /// <param name="troupe">The troupe.</param>
    /// <param name="input">The task's input.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>The result. An exception of the task is thrown where it is awaited.</returns>
    /// <exception cref="ArgumentNullException">The troupe is null.</exception>
    /// <exception cref="OperationCanceledException">The token fired, or the task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    /// <exception cref="InvalidOperationException">The caller runs inside a worker of the same troupe: it would wait for itself.</exception>
    public static ValueTask<TOut> CallAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, TIn input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        return CallCoreAsync(troupe, input, cancellationToken);
    }

    /// <summary>Two troupes in a row, as one: each task of the first is chained into the second.</summary>
    /// <remarks>
    /// <para>
    /// The result is a troupe like any other, for <c>Submit</c>, maps and chains, and may itself be a part of another. A task takes a place
    /// of the first troupe, then one of the second, which it keeps until the second starts it: give the second a Capacity of at least what
    /// is to be under way in the first. While a submission waits for the second place, the first may have begun its task; if that wait ends
    /// (by its token, or because a troupe is stopped), the task of the first is cancelled and waited for. Inside a worker of one of the two
    /// a submission passes both bounds.
    /// </para>
    /// <para>
    /// An error of a stage is the error of the item, the same exception object, and goes past the stages behind it. To cancel the future
    /// cancels the task in both stages; the future ends when both have ended. If the second troupe gives the task up (it is aborted), the
    /// first is cancelled.
    /// </para>
    /// <para>
    /// It owns neither troupe, and need not be disposed. To stop, dispose or abort it concerns its own tasks alone: it takes no more of
    /// them, and drains or cancels those that it has. Its snapshot counts its own tasks: a task that is in no worker waits. It lists no
    /// workers: those are in the snapshots of the two troupes.
    /// </para>
    /// </remarks>
    /// <typeparam name="TIn">What a task of the first takes.</typeparam>
    /// <typeparam name="TOut">What the first returns and the second takes.</typeparam>
    /// <typeparam name="TNext">What the second returns.</typeparam>
    /// <param name="first">The troupe in front.</param>
    /// <param name="second">The troupe behind it.</param>
    /// <returns>The troupe of both; its name is <c>first | second</c>. Thread-safe.</returns>
    /// <exception cref="ArgumentNullException">A troupe is null.</exception>
    public static ITinyTroupe<TIn, TNext> Into<TIn, TOut, TNext>(this ITinyTroupe<TIn, TOut> first, ITinyTroupe<TOut, TNext> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new PipelineTroupe<TIn, TOut, TNext>(first, second);
    }

    /// <summary>A troupe of arrays as one of items, with a future for each: items that wait at the same time go together in a batch.</summary>
    /// <remarks>
    /// <para>
    /// A batch is formed when a worker has taken it, of the items that wait then, in the order in which they were accepted (or got their
    /// input), at most <see cref="BatchOptions.MaxSize"/>. So no item waits for a batch to fill while a worker is free, unless <see
    /// cref="BatchOptions.MaxDelay"/> says so, and batches grow while the workers are busy. The batch itself waits among the other tasks of
    /// the inner troupe, past its bound: one batch does at a time. A troupe of another library, or a composed one, gets batches that were
    /// formed before, as many at a time as it has workers. <see cref="BatchOptions.Capacity"/> bounds the items that are in no batch yet.
    /// </para>
    /// <para>
    /// The function of a batch returns one result for each item, in their order; an array of another length, or null, faults the batch with
    /// an <see cref="InvalidOperationException"/>. A fault of a batch is that of all its items, the same exception object, unless <see
    /// cref="BatchOptions.IsolateFaults"/> is set. An item that is cancelled leaves, if it waits; in a batch that runs, its future ends at
    /// once and its result is dropped. A batch of which all items are cancelled is cancelled, and the last of them ends when it has
    /// stopped.
    /// </para>
    /// <para>
    /// It does not own the inner troupe, and need not be disposed. To stop, dispose or abort it concerns its own items alone; a drain does
    /// not wait for <see cref="BatchOptions.MaxDelay"/>. If the inner troupe is stopped, aborted or broken, every item that waits for a
    /// batch ends with that failure, and so does each that comes. Its snapshot counts items, and lists the workers of the inner troupe.
    /// </para>
    /// </remarks>
    /// <typeparam name="TIn">What an item is.</typeparam>
    /// <typeparam name="TOut">The result of an item.</typeparam>
    /// <param name="troupe">The troupe of arrays.</param>
    /// <param name="options">How batches are formed; null for the defaults.</param>
    /// <returns>The troupe of items; its name is that of the inner one with <c>in batches</c> behind it. Thread-safe.</returns>
    /// <exception cref="ArgumentNullException">The troupe is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static ITinyTroupe<TIn, TOut> Batched<TIn, TOut>(this ITinyTroupe<TIn[], TOut[]> troupe, BatchOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        options ??= new BatchOptions();
        options.Validate(nameof(options));
        return new BatchedTroupe<TIn, TOut>(troupe, options);
    }

    // Not pooled: the await of the future is a look at its fault, so the fault is the call's own from there on. If nobody awaits the call,
    // the framework tells of it when it collects the call's task. A pooled ValueTask would lose it.
    private static async ValueTask<TOut> CallCoreAsync<TIn, TOut>(
        ITinyTroupe<TIn, TOut> troupe, TIn input, CancellationToken cancellationToken)
    {
        var future = await troupe.SubmitAsync(input, cancellationToken).ConfigureAwait(false);
        return await future.ConfigureAwait(false);
    }
}
