namespace TinyWorker.Backends;

/// <summary>Why a running task was asked to stop.</summary>
internal enum StopReason
{
    Cancel,
    Timeout,
}
