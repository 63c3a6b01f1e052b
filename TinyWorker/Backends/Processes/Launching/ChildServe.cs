namespace TinyWorker.Backends.Processes.Launching;

/// <summary>What a child does from its start to its end, on its main thread. Its result is the exit code.</summary>
internal delegate int ChildServe(ChildSide side);
