namespace TinyWorker;

/// <summary>How far a map has come.</summary>
/// <param name="Completed">Tasks that have ended, those that failed included.</param>
/// <param name="Faulted">Tasks that have failed or were cancelled.</param>
/// <param name="Total">How many there will be; null where the source does not know its count.</param>
/// <param name="Elapsed">The time since the first item was asked for.</param>
public readonly record struct MapProgress(long Completed, long Faulted, long? Total, TimeSpan Elapsed);
