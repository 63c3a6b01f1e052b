using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Starts worker processes whose entry point is <see cref="Evil"/>.</summary>
internal sealed class EvilLauncher(string breach) : IChildLauncher
{
    public byte[] Describe(Delegate function, string parameterName) => [];

    public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken) =>
        await ChildProcess.StartAsync(
            new ChildStart(start.Name, Evil.Serve)
            {
                Environment = new Dictionary<string, string?> { [Evil.Variable] = breach },
                OnErrorLine = start.OnErrorLine,
                Timeout = start.Timeout,
            },
            cancellationToken);
}
