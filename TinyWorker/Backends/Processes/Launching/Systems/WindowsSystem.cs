using System.Runtime.Versioning;

namespace TinyWorker.Backends.Processes.Launching.Systems;

/// <summary>
/// Windows, by what every system has: no signals, no groups. The folder of the temporary files is the user's own there. Children of a child
/// that is killed go with it; those of one that died by itself stay: that would take a job object.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSystem : HostSystem
{
}
