using System.Net.Sockets;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// What a child has of its parent: the other ends of <see cref="ChildProcess.Data"/> and <see cref="ChildProcess.Control"/>. Not to be
/// disposed: after it has served, the child looks at them whether its parent is at its end.
/// </summary>
/// <param name="Name">The name that the parent gave.</param>
/// <param name="Data">Connected, blocking, unused so far.</param>
/// <param name="Control">Connected, blocking, unused so far.</param>
internal sealed record ChildSide(string Name, Socket Data, Socket Control);
