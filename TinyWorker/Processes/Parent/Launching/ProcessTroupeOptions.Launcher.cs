using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker;

// Beside the launchers, so that the options themselves use nothing of the back-end.
public sealed partial record ProcessTroupeOptions
{
    /// <summary>Where the children come from, for tests of the back-end; null for processes.</summary>
    internal IChildLauncher? Launcher { get; init; }
}
