namespace TinyWorker;

/// <summary>How far a <see cref="TinyFuture{T}"/> has come. It only moves forward, but for a task that is to be run again: that one is
/// <see cref="Pending"/> once more.</summary>
public enum TinyFutureStatus
{
    /// <summary>Not started: it waits for its input, for a worker, or for its producer.</summary>
    Pending,

    /// <summary>A worker runs it now.</summary>
    Running,

    /// <summary>It has its result.</summary>
    Succeeded,

    /// <summary>It failed; <see cref="TinyFuture{T}.Exception"/> says why.</summary>
    Faulted,

    /// <summary>It was cancelled, or its input was.</summary>
    Canceled,
}
