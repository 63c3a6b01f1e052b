using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker;

/// <summary>
/// Lets the worker processes of a troupe into a program that they cannot enter by themselves: one that is trimmed, or has switched
/// startup hooks off, as PublishAot does, the default of file-based programs. No other program needs it, and a troupe says so when it does.
/// A program that is compiled ahead of time cannot have worker processes at all.
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
