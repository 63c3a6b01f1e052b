using System.Net.Sockets;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// A child of this process that runs the same program but serves this one instead, with two connections to it. Its end takes everything
/// that it started with it, and so does the end of this process. A child that is to end by itself is best asked to by a message: it takes
/// the end of a connection for the end of this process, and hesitates a moment. Thread-safe.
/// </summary>
internal sealed class ChildProcess : ILaunchedChild
{
    private readonly SpawnedProcess _process;
    private readonly Connections _connections;
    private readonly StartTurn _turn;

    public ChildProcess(SpawnedProcess process, Connections connections, StartTurn turn)
    {
        _turn = turn;
        _process = process;
        _connections = connections;
    }

    /// <summary>Connected and unused; never made non-blocking so far, so that it may be used either way.</summary>
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
    /// <exception cref="ArgumentException">What is to be served is not a static method of a type that has a name.</exception>
    /// <exception cref="InvalidOperationException">This program cannot be entered by a child; the message says what to do.</exception>
    /// <exception cref="ChildStartException">It could not be started, ended before it had connected, or took too long.</exception>
    /// <exception cref="OperationCanceledException">The token fired; nothing of the child is left.</exception>
    public static Task<ChildProcess> StartAsync(ChildStart start, CancellationToken cancellationToken)
    {
        var method = start.Serve.Method;
        if (method is not { IsStatic: true, IsGenericMethod: false, DeclaringType: not null })
        {
            throw new ArgumentException(
                $"A child serves a static method that is not generic, but was given {method.DeclaringType}.{method.Name}.", nameof(start));
        }

        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ChildProcess>(cancellationToken)
            : new ChildLaunch(start, cancellationToken).RunAsync();
    }

    /// <inheritdoc/>
    public void EndStart() => _turn.End();

    /// <inheritdoc cref="SpawnedProcess.Kill"/>
    public void Kill() => _process.Kill();

    /// <summary>Kills it if it still runs, and waits until it has ended and nothing of it is left. Once; later callers wait for the first.</summary>
    public async ValueTask DisposeAsync()
    {
        // The kill first: a connection that ends would tell the child to act on it.
        _process.Kill();
        await _process.DisposeAsync().ConfigureAwait(false);
        _connections.Dispose();
    }
}
