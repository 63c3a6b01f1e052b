using System.Diagnostics.CodeAnalysis;
using TinyWorker.Backends.Processes.Functions;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Backends.Processes;

/// <summary>Children are processes.</summary>
internal sealed class ProcessLauncher : IChildLauncher
{
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = ProcessWorkers.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = ProcessWorkers.WasWarned)]
    public byte[] Describe(Delegate function, string parameterName)
    {
        _ = ChildCommand.ForThisProgram();   // where no child can get in, the troupe's constructor says so
        return TravellingFunction.Describe(function, parameterName).Bytes;
    }

    public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken) =>
        await ChildProcess.StartAsync(start, cancellationToken).ConfigureAwait(false);
}
