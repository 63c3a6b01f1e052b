namespace TinyWorker.Processes.Payloads;

/// <summary>
/// The other process sent bytes that no process of this build sends. Its worker is lost: nothing behind these bytes can be trusted.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
#pragma warning disable CA1064 // It never leaves the library.
internal sealed class MalformedDataException(string what) : Exception($"A malformed frame came from the other process: {what}.");
#pragma warning restore CA1064, CA1032
