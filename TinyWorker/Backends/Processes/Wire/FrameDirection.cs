namespace TinyWorker.Backends.Processes.Wire;

/// <summary>Which way a stream of frames goes.</summary>
internal enum FrameDirection
{
    ToWorker,
    ToParent,
}
