namespace TinyWorker.Dashboard.Streaming;

/// <summary>What all viewers are sent of one look: complete events, 8 kB each at the most. Does not change.</summary>
internal sealed record Tick(long Number, IReadOnlyList<ReadOnlyMemory<byte>> Events);
