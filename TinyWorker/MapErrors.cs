namespace TinyWorker;

/// <summary>What a map does about tasks that fail. A third way is to take errors as values: <c>MapOutcomes</c>.</summary>
public enum MapErrors
{
    /// <summary>The first error ends the map, after the results before it: ordered, those of the items before it; unordered, those that came before it.</summary>
    Throw,

    /// <summary>Every success is delivered, and then one <see cref="AggregateException"/> with all errors, in the order of the input.</summary>
    ThrowAtEnd,
}
