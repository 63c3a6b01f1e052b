namespace TinyWorker.Backends.Processes;

/// <summary>What is the same for the process workers of every troupe.</summary>
internal static class ProcessWorkers
{
    /// <summary>Why process workers may reflect.</summary>
    public const string WasWarned = "Whoever makes ProcessTroupeOptions is told that a trimmed program may lack what its functions need.";
}
