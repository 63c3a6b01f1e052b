namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>How far a <see cref="PayloadBuffer"/> was written at one moment, to take back what came after.</summary>
internal readonly record struct PayloadMark(byte[] Chunk, int Start, int Position, int Segments, long ClosedLength, int FullChunks);
