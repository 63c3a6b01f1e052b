using System.Runtime.Versioning;

namespace TinyWorker.Platform;

/// <summary>macOS's own signal numbers.</summary>
[SupportedOSPlatform("macos")]
internal sealed class MacSystem : UnixSystem
{
    protected override IReadOnlyDictionary<int, string> OwnSignals { get; } = new Dictionary<int, string>
    {
        [10] = "SIGBUS",
        [12] = "SIGSYS",
        [30] = "SIGUSR1",
        [31] = "SIGUSR2",
    };
}
