using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Backends.Processes;

/// <summary>Where children come from, and how functions get there. Another one than processes is for tests of the back-end.</summary>
internal interface IChildLauncher
{
    /// <inheritdoc cref="Functions.TravellingFunction.Describe"/>
    byte[] Describe(Delegate function, string parameterName);

    /// <inheritdoc cref="ChildProcess.StartAsync"/>
    Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken);
}
