namespace TinyWorker.Backends;

/// <summary>Where the workers of a troupe live: makes an executor for each of them.</summary>
internal abstract class Backend
{
    /// <summary>How often the replacement of a worker is tried to be made.</summary>
    public const int TriesAtReplacement = 3;

    /// <summary>How often a worker is tried to be made at the start of a troupe.</summary>
    public virtual int TriesAtStart => 1;

    public abstract IWorkerExecutor MakeExecutor(WorkerInfo worker);

    /// <summary>How long to wait before a worker is tried to be made for the so manieth time again.</summary>
    public virtual TimeSpan PauseBefore(int restart) => TimeSpan.Zero;

    /// <summary>Called around the entering of an item, so that a back-end without threads of its own can run it there and then.</summary>
    public virtual void Submitting()
    {
    }

    /// <summary>The other end of <see cref="Submitting"/>.</summary>
    /// <param name="isRunning">Whether the submitted task still runs, and where.</param>
    public virtual void Submitted(Func<IWorkerExecutor, bool>? isRunning)
    {
    }

    /// <summary>Whether <see cref="Submitting"/> and <see cref="Submitted"/> do anything.</summary>
    public virtual bool RunsInSubmit => false;
}
