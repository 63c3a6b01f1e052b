namespace TinyWorker.Backends.Processes.Wire;

/// <summary>The other process sent what none of this build would. It costs that worker: nothing behind it in the stream can be trusted.</summary>
#pragma warning disable CA1032 // Made by the library alone.
#pragma warning disable CA1064 // It never leaves the library.
internal sealed class MalformedFrameException(string what) : Exception($"A malformed frame came from the other process: {what}.");
#pragma warning restore CA1064, CA1032
