using System.Diagnostics.CodeAnalysis;
using TinyWorker.Processes.Functions;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>Starts children that are processes.</summary>
internal sealed class ProcessLauncher : IChildLauncher
{
    private const string SerializerParameter = "options";   // many troupes may have the same

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = TravellingFunction.WasWarned)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = TravellingFunction.WasWarned)]
    public byte[] Describe(Delegate function, string parameterName)
    {
        _ = ChildCommand.ForThisProgram();   // if the program cannot be started as a child, the troupe's constructor throws
        var described = TravellingFunction.Describe(function, parameterName);
        if (parameterName != SerializerParameter) StaticTroupes.Note(function, described.Name);
        return described.Bytes;
    }

    public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken) =>
        await ChildProcess.StartAsync(start, cancellationToken).ConfigureAwait(false);
}
