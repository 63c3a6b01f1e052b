namespace TinyWorker;

/// <summary>
/// A worker could not be made: its factory, its constructor or its <c>StartAsync</c> threw, or the factory returned null. The cause is
/// the <see cref="Exception.InnerException"/>. The troupe is broken: whatever waits and is submitted later faults with this exception.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
public sealed class WorkerStartException : TroupeException
#pragma warning restore CA1032
{
    internal WorkerStartException(WorkerInfo worker, int tries, Exception cause)
        : base(
            worker.Troupe,
            $"Worker {worker.Index} of '{worker.Troupe}' could not be made ({(tries == 1 ? "1 try" : $"{tries} tries")}): {cause.GetType().Name}: {cause.Message} " +
            "The troupe takes no more work; mend the worker's factory, constructor or StartAsync and make a new troupe.",
            cause)
    {
        Worker = worker;
        Tries = tries;
    }

    /// <summary>Which worker.</summary>
    public WorkerInfo Worker { get; }

    /// <summary>How often it was tried.</summary>
    public int Tries { get; }
}
