using System.Net.Sockets;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Backends.Processes;

/// <summary>What the back-end needs of a child process: two connections, its end, and how to bring that about. Thread-safe.</summary>
internal interface ILaunchedChild : IAsyncDisposable
{
    /// <summary>Carries the tasks and their outcomes.</summary>
    Socket Data { get; }

    /// <summary>Carries what cannot wait, from here to there.</summary>
    Socket Control { get; }

    int ProcessId { get; }

    /// <summary>Physical memory; 0 when it has ended.</summary>
    long ResidentBytes { get; }

    /// <summary>It has ended, and what it printed has been handed on. Never faults.</summary>
    Task<ChildExit> Exited { get; }

    /// <summary>It is ready, or will not be: others may be started in its stead. Again does nothing.</summary>
    void EndStart();

    /// <summary>Ends it and all that it has started. Returns at once, and never throws.</summary>
    void Kill();
}
