namespace TinyWorker.Queueing;

/// <summary>What a try to enter came to.</summary>
internal enum Admission
{
    Entered,
    Full,
    Closed,
}
