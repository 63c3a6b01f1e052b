namespace TinyWorker.Streaming;

/// <summary>What a map waits for.</summary>
internal enum MapWait
{
    /// <summary>The consumer is at its own work, or has not asked for anything yet.</summary>
    Consumer,

    /// <summary>The source.</summary>
    Source,

    /// <summary>A task.</summary>
    Task,
}
