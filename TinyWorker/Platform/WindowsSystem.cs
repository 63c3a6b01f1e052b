using System.Runtime.Versioning;

namespace TinyWorker.Platform;

/// <summary>
/// Windows does what every system does. It has no signals and no groups, and the folder of temporary files is the user's own. If a child is
/// killed, its children are killed, too. If a child dies by itself, its children stay: to kill them would take a job object.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSystem : HostSystem
{
}
