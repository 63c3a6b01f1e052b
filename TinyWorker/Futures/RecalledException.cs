namespace TinyWorker.Futures;

/// <summary>Why a task was cancelled by <see cref="TinyFuture{T}.Recall"/>: whoever has recalled it tells it by this from one that was
/// cancelled.</summary>
internal sealed class RecalledException() : OperationCanceledException("The task was called back before it had started.");
