using System.Net.Sockets;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>Starts children, and describes functions for them. Tests of the back-end have launchers that start no processes.</summary>
internal interface IChildLauncher
{
    /// <inheritdoc cref="Functions.TravellingFunction.Describe"/>
    byte[] Describe(Delegate function, string parameterName);

    /// <inheritdoc cref="ChildProcess.StartAsync"/>
    Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken);
}

/// <summary>What the back-end needs of a child: two connections, its exit, and a way to kill it. Thread-safe.</summary>
internal interface ILaunchedChild : IAsyncDisposable
{
    /// <summary>Carries the tasks and their outcomes.</summary>
    Socket Data { get; }

    /// <summary>Carries what cannot wait, to the child.</summary>
    Socket Control { get; }

    int ProcessId { get; }

    /// <summary>Physical memory; 0 when the child has ended.</summary>
    long ResidentBytes { get; }

    /// <summary>Completes when the child has ended and its output has been forwarded. Never faults.</summary>
    Task<ChildExit> Exited { get; }

    /// <summary>The child is ready, or never will be: another child may be started now. A second call does nothing.</summary>
    void EndStart();

    /// <summary>Ends the child and all that it has started. Returns at once, and never throws.</summary>
    /// <param name="because">
    /// Why, as the end of a sentence that begins with "was killed because"; null if it is not of interest. The first reason counts.
    /// </param>
    void Kill(string? because = null);
}
