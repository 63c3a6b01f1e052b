namespace TinyWorker.Backends.Processes.Launching;

/// <summary>What each of a child's connections is for.</summary>
internal enum ConnectionRole : byte
{
    /// <summary>Read by the worker's thread.</summary>
    Data,

    /// <summary>Read by a listener beside it.</summary>
    Control,

    /// <summary>Carries nothing: its end tells the child that the parent is gone.</summary>
    Lifeline,
}
