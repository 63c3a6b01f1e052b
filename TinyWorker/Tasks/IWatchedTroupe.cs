namespace TinyWorker.Tasks;

/// <summary>What users hold of a troupe that can be watched.</summary>
internal interface IWatchable
{
    IWatchedTroupe Watched { get; }
}

/// <summary>A troupe as a watch sees it, which holds it weakly. Thread-safe.</summary>
internal interface IWatchedTroupe
{
    TimeProvider TimeProvider { get; }

    /// <summary>One more watches: it is to call <see cref="TaskSampling.Leave"/>, once.</summary>
    TaskSampling BeginWatch();

    /// <summary>One has left: if it was the last, the troupe drops what it kept for those who watch.</summary>
    void EndWatch();

    /// <summary>Each worker that runs a task, with the number of the task.</summary>
    IEnumerable<(int Worker, long Task)> RunningTasks();
}
