using System.Runtime.CompilerServices;
using TinyWorker.Tasks;

namespace TinyWorker.Workers;

// What an operator asks of one worker: that another takes its place, or that its task stops. WorkerLoops.Operating.cs is the other half.
//
// Who owns what: a request for another worker belongs to the worker, not to the loop. It is made under the lock of WorkerLoops, while the
// worker lives, and ends there with the worker, whatever ends it. So two requests are one, and no request reaches the next worker.
//
// Nothing is lost, because the loop acts on a request where it has no task: between two, as after MaxTasksPerWorker. It looks before it
// takes the next. What was sent ahead to a worker process is recalled, and comes back or runs first. Tasks that only this place may run
// stay in the queue, for the place, and wait for the next worker. A loop that parks is parked first, and looks for a request afterwards;
// whoever asks says so first, and wakes it afterwards: one of the two sees the other.
internal sealed partial class WorkerLoop<TIn, TOut>
{
    private const int HashBits = 26;     // as many as the runtime gives an object
    private const int CountBits = 27;    // both together fit into a number of JavaScript

    private bool _isToBeReplaced;        // written under the lock of WorkerLoops; only while the worker lives

    /// <summary>Whether another worker is to take the place of this one, when its task has ended.</summary>
    public bool IsToBeReplaced => Volatile.Read(ref _isToBeReplaced);

    // What was sent ahead has to come back, or to be run, first.
    private bool IsToBeReplacedNow => IsToBeReplaced && _prefetched is not { Count: > 0 };

    /// <summary>
    /// Tells its task from any other; null while it has no task. A task keeps its number until its outcome is counted.
    /// </summary>
    // The hash alone is another one as good as certain; the count of the tasks that have ended at the place tells most of the rest apart.
    // Nothing is counted for it, and it keeps no task alive.
    public long? TaskNumber => Volatile.Read(ref _current) is { } item ? NumberOf(item) : null;

    /// <summary>The worker lives, and another is to take its place. Under the lock of WorkerLoops; <see cref="HurryToBeReplaced"/> is to
    /// follow outside of it.</summary>
    public void AskToBeReplaced() => Volatile.Write(ref _isToBeReplaced, true);

    /// <summary>The worker does not live any more. Under the lock of WorkerLoops.</summary>
    public void ForgetReplacement() => Volatile.Write(ref _isToBeReplaced, false);

    /// <summary>What the worker was sent ahead is not to hold it up, and sleep neither.</summary>
    public void HurryToBeReplaced()
    {
        RecallPrefetched();
        Unpark();
    }

    /// <summary>Cancels the task with this number, if the worker has it.</summary>
    public bool CancelTask(long number) =>
        Volatile.Read(ref _current) is { } item && NumberOf(item) == number && item.Cancel();

    private long NumberOf(WorkItem<TIn, TOut> item)
    {
        var ended = _counts.Succeeded + _counts.Faulted + _counts.Canceled;
        return ((ended & ((1L << CountBits) - 1)) << HashBits) | (RuntimeHelpers.GetHashCode(item) & ((1L << HashBits) - 1));
    }
}
