using TinyWorker.Tasks;

namespace TinyWorker.Workers;

// What those see who watch the troupe.
internal sealed partial class Troupe<TIn, TOut>
{
    TimeProvider IWatchedTroupe.TimeProvider => Core.TimeProvider;

    TaskSampling IWatchedTroupe.BeginWatch() => Core.BeginWatch();

    void IWatchedTroupe.EndWatch() => _ = Core.Sampling;   // the look drops one that is over

    IEnumerable<(int Worker, long Task)> IWatchedTroupe.RunningTasks()
    {
        foreach (var loop in _loops.Loops)
            if (loop.TaskNumber is { } task) yield return (loop.Info.Index, task);
    }
}
