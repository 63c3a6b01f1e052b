using TinyWorker.Processes.Child;
using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker;

/// <summary>
/// Lets the worker processes of a troupe into a program that they cannot enter by themselves: a program that is trimmed, or has switched
/// startup hooks off, as PublishAot does, which is the default of file-based programs. No other program needs this. A troupe whose program
/// needs it says so. A program that is compiled ahead of time cannot have worker processes at all.
/// </summary>
public static class TinyTroupeHost
{
    /// <summary>
    /// To be called in the first line of Main. In a process that was started as a worker, it works until the troupe ends the worker, then
    /// ends the process, and never returns. In every other process it returns at once and does nothing.
    /// </summary>
    /// <remarks>
    /// Call it once, on the main thread, before anything else: code that runs before it also runs in every worker process. It does no harm
    /// in a program that worker processes can enter by themselves.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The process was started as a worker, but by another build of the library.</exception>
    public static void RunIfWorker()
    {
        ChildCommand.IsCalledByMain = true;   // a worker process that runs troupes of its own needs to know this, too
        WorkerMain.RunIfWorker();
    }
}
