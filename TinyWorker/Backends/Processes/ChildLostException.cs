using System.Net.Sockets;

namespace TinyWorker.Backends.Processes;

/// <summary>The connection to a child has ended, or cannot be trusted any more; what it was doing comes to nothing.</summary>
/// <param name="wasUntouched">Whether the child had read nothing of the task's input: it was gone before.</param>
/// <param name="cause">What was seen of it.</param>
#pragma warning disable CA1032, CA1064 // Made here alone; it never leaves the back-end.
internal sealed class ChildLostException(bool wasUntouched, Exception? cause) : Exception("The worker process is gone.", cause)
#pragma warning restore CA1032, CA1064
{
    public bool WasUntouched => wasUntouched;

    /// <summary>The connection has ended, as it does with the process. Else the process may well live, and has to be ended.</summary>
    public bool IsOfTheConnection => InnerException is null or SocketException or ObjectDisposedException;
}
