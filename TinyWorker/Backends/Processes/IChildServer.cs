using System.Net.Sockets;

namespace TinyWorker.Backends.Processes;

/// <summary>A <see cref="ChildServer{TIn, TOut}"/>, whatever its types.</summary>
internal interface IChildServer
{
    /// <summary>Runs task after task until the parent says, or is gone. The result is the exit code.</summary>
    int Serve(ChildConnection connection, Socket control);
}
