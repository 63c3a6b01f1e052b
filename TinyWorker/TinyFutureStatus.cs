namespace TinyWorker;

/// <summary>Where a <see cref="TinyFuture{T}"/> is in its life. It only ever moves forward.</summary>
public enum TinyFutureStatus
{
    /// <summary>Not started: it waits for its input, for a place in the queue's turn, or for its producer.</summary>
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
