using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker;

/// <summary>
/// Lets the worker processes of a troupe into a program that they cannot enter by themselves: one that is trimmed, compiled ahead of time,
/// or has switched startup hooks off. No other program needs it, and a troupe says so when it does.
/// </summary>
public static class TinyTroupeHost
{
    /// <summary>
    /// To be called in the first line of Main. In a process that was started as a worker it works until the troupe lets it go, ends the
    /// process, and never returns; in every other it returns at once and does nothing.
    /// </summary>
    /// <remarks>
    /// Call it once, on the main thread, before anything else: what runs before it runs in every worker process too.
    /// In a program that worker processes can enter by themselves, it does no harm.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The process was started as a worker, but by another build of the library.</exception>
    public static void RunIfWorker() => ChildHost.RunIfAsked();
}
