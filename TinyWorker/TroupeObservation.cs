namespace TinyWorker;

/// <summary>What a <see cref="TroupeWatch"/> saw since it was read before, or since it was made.</summary>
public sealed record TroupeObservation
{
    internal TroupeObservation()
    {
    }

    /// <summary>
    /// How long tasks waited for a worker: from their acceptance, or from the arrival of their input, whichever is later, until a worker
    /// started them. A task that is run again waits again. Of every 64th task, and no more than the last 1,024 times.
    /// </summary>
    public required SampledTimes Waits { get; init; }

    /// <summary>
    /// How long tasks ran, from the start to the end, however they ended; of a task that was run again, the last attempt. Of every 64th
    /// task, and no more than the last 1,024 times.
    /// </summary>
    public required SampledTimes Runs { get; init; }

    /// <summary>The last faults, the oldest first: 16 at the most, and no more than ten of one second.</summary>
    public required IReadOnlyList<TroupeFault> Faults { get; init; }

    /// <summary>
    /// The names of the troupes whose futures were submitted as inputs, in no particular order: 64 at the most. Behind a
    /// <see cref="TinyFuture{T}.Then{TNext}(Func{T, TNext})"/> or a <c>WhenAll</c> it is the troupe that the step, or the combined future,
    /// waits for. The sources of a <c>WhenAll</c> that has ended are not known any more.
    /// </summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>
    /// Who is longest at one task, of those that were at the same task when this watch was read before; null if nobody is.
    /// </summary>
    public RunningTask? LongestRunning { get; init; }
}

/// <summary>A task that faulted, as text: it keeps nothing of the task alive.</summary>
/// <param name="At">When it faulted, by the clock of the troupe.</param>
/// <param name="Type">The full name of the exception's type, even if it could not be rebuilt and arrived as a
/// <see cref="RemoteWorkerException"/>.</param>
/// <param name="Message">The exception's message, 1,000 characters of it at the most.</param>
/// <param name="Worker">The index of the worker that had the task; null if it ended without one.</param>
public sealed record TroupeFault(DateTimeOffset At, string Type, string Message, int? Worker);

/// <summary>A task that runs.</summary>
/// <param name="Worker">The index of its worker; see <see cref="TroupeSnapshot.Workers"/>.</param>
/// <param name="AtLeast">For how long it has been running at least: since it was first seen.</param>
public sealed record RunningTask(int Worker, TimeSpan AtLeast)
{
    /// <summary>
    /// Tells the task from every other that its worker has had or will have, for <see cref="ITroupeControl.Cancel"/>: from 1 to 2^53 - 1, so
    /// that a number of JavaScript holds it. It says nothing else of the task. 0, the default, is no task.
    /// </summary>
    public long Number { get; init; }
}
