namespace TinyWorker;

/// <summary>How one item of a map ended.</summary>
/// <typeparam name="TIn">The type of the items.</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
/// <param name="Index">The item's place in the source, from 0.</param>
/// <param name="Input">The item.</param>
/// <param name="Value">The result; the type's default if the task failed.</param>
/// <param name="Exception">The task's own exception; null if it succeeded.</param>
public sealed record TinyOutcome<TIn, TOut>(long Index, TIn Input, TOut? Value, Exception? Exception)
{
    /// <summary>Whether the task succeeded.</summary>
    public bool IsSuccess => Exception is null;

    /// <summary>How the task ended: <see cref="TinyFutureStatus.Succeeded"/>, <see cref="TinyFutureStatus.Faulted"/> or
    /// <see cref="TinyFutureStatus.Canceled"/>. A task that threw an <see cref="OperationCanceledException"/> although nobody had asked it
    /// to stop has faulted.</summary>
    /// <value>In an outcome of a map, the status of the task's future. In an outcome made by hand, Succeeded without an exception, and
    /// Faulted with one, unless it is set.</value>
    public TinyFutureStatus Status { get; init; } = Exception is null ? TinyFutureStatus.Succeeded : TinyFutureStatus.Faulted;
}
