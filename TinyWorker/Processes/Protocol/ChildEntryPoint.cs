using TinyWorker.Platform;

namespace TinyWorker.Processes.Protocol;

/// <summary>What a child does from its start to its end, on its main thread. The result is the exit code.</summary>
internal delegate int ChildEntryPoint(ChildSockets sockets);

/// <summary>
/// The child's ends of its connections to the parent. The child does not dispose them: when the entry point has returned, they show
/// whether the parent has ended.
/// </summary>
/// <param name="Name">The name that the parent gave the child.</param>
/// <param name="Data">Connected, blocking, and not used yet.</param>
/// <param name="Control">Connected, blocking, and not used yet.</param>
internal sealed record ChildSockets(string Name, LocalConnection Data, LocalConnection Control);
