#if DEBUG
namespace TinyWorker.Diagnostics;

/// <summary>Runs one thread at a time; see <see cref="Schedule"/>.</summary>
internal interface IScheduler
{
    PlantedBug Planted { get; }

    void Point(string file, int line);

    void Yield(string file, int line);

    void Await(Task task);

    /// <summary>Called with the monitor held; gives it up meanwhile.</summary>
    void Wait(object monitor);

    /// <summary>Called with the monitor held.</summary>
    void Pulse(object monitor);

    void Start(Thread thread, Action step);

    void Join(Thread thread);

    void Queue(Action step);
}
#endif
