using System.Net.Sockets;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// A child process of this one, with two connections to it. It runs the same program, but its entry point instead of Main. When the child
/// ends, everything that it started ends, too; when this process ends, the child ends. Ask a child to exit by a message: if a connection
/// ends, the child waits a moment to see whether this process has ended. Thread-safe.
/// </summary>
internal sealed class ChildProcess : ILaunchedChild
{
    private readonly SpawnedProcess _process;
    private readonly ChildConnections _connections;
    private readonly StartThrottle _throttle;

    public ChildProcess(SpawnedProcess process, ChildConnections connections, StartThrottle throttle)
    {
        _throttle = throttle;
        _process = process;
        _connections = connections;
    }

    /// <summary>Connected, not used yet, and never made non-blocking: it may be used either way.</summary>
    public Socket Data => _connections.Data;

    /// <inheritdoc cref="Data"/>
    public Socket Control => _connections.Control;

    public int ProcessId => _process.Id;

    /// <inheritdoc cref="SpawnedProcess.Exited"/>
    public Task<ChildExit> Exited => _process.Exited;

    /// <inheritdoc cref="SpawnedProcess.ResidentBytes"/>
    public long ResidentBytes => _process.ResidentBytes;

    /// <summary>The last lines of its stderr so far, oldest first.</summary>
    public IReadOnlyList<string> LastErrors => _process.LastErrors;

    /// <summary>Starts a child and waits until it has connected.</summary>
    /// <exception cref="ArgumentException">The entry point is not a static method of a type that has a name.</exception>
    /// <exception cref="InvalidOperationException">This program cannot be started as a child; the message says what to do.</exception>
    /// <exception cref="ChildStartException">It could not be started, ended before it had connected, or took too long.</exception>
    /// <exception cref="OperationCanceledException">The token fired; nothing of the child is left.</exception>
    public static Task<ChildProcess> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var method = start.EntryPoint.Method;
        if (method is not { IsStatic: true, IsGenericMethod: false, DeclaringType: not null })
        {
            throw new ArgumentException(
                $"The entry point of a child is a static method that is not generic, but this is {method.DeclaringType}.{method.Name}.",
                nameof(start));
        }

        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ChildProcess>(cancellationToken)
            : new ChildLaunch(start, cancellationToken).RunAsync();
    }

    /// <inheritdoc/>
    public void EndStart() => _throttle.Dispose();

    /// <inheritdoc cref="SpawnedProcess.Kill"/>
    public void Kill(string? because = null) => _process.Kill(because);

    /// <summary>
    /// Kills the child if it still runs, and waits until it has ended and nothing of it is left. Once; later callers wait for the first.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        // The kill comes first: the child acts on the end of a connection.
        _process.Kill();
        await _process.DisposeAsync().ConfigureAwait(false);
        _connections.Dispose();
    }
}
