namespace TinyWorker.Tasks;

/// <summary>What a task that is passed on asked for.</summary>
/// <param name="Timeout">How long one attempt may take; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for no limit; null if it did
/// not say.</param>
/// <param name="DeadlineIn">After which time from now it must have ended; null if it did not say.</param>
internal readonly record struct ForwardedTerms(TimeSpan? Timeout, TimeSpan? DeadlineIn);
