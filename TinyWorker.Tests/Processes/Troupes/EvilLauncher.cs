using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Starts worker processes that do not run the library's side of the protocol but <see cref="Evil"/>.</summary>
internal sealed class EvilLauncher(string deed) : IChildLauncher
{
    public byte[] Describe(Delegate function, string parameterName) => [];

    public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken) =>
        await ChildProcess.StartAsync(
            new ChildStart(start.Name, Evil.Serve)
            {
                Environment = new Dictionary<string, string?> { [Evil.Variable] = deed },
                OnErrorLine = start.OnErrorLine,
                Timeout = start.Timeout,
            },
            cancellationToken);
}
