namespace TinyWorker;

/// <summary>What became of one item of a map.</summary>
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
}
