using System.Diagnostics;
using System.Text;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// One start of a child, on a thread of its own. To start a process blocks for some milliseconds. It must not wait for the shared pool,
/// whose threads may all wait for what this child is to do.
/// </summary>
internal sealed class ChildLaunch(ChildStart start, CancellationToken cancellationToken)
{
    // How late an exit, a cancellation or the timeout may be noticed. A connection is noticed at once.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly ChildCommand _command = ChildCommand.ForThisProgram();
    private readonly TaskCompletionSource<ChildProcess> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ChildProcess> RunAsync()
    {
        new Thread(() => _ = RunSafelyAsync()) { Name = "TinyWorker: starts " + start.Name, IsBackground = true }.UnsafeStart();
        return _started.Task;
    }

    // If no more files can be opened, no assembly can be loaded, and any code that runs for the first time may throw. An exception that
    // left this thread would end the program, and one that was not reported would leave the troupe waiting.
    private async Task RunSafelyAsync()
    {
        try
        {
            await LaunchAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _started.TrySetException(e);
        }
    }

    private async Task LaunchAsync()
    {
        SpawnedProcess? process = null;
        Exception? cause = null;
        string? obstacle;
        var connections = new ChildConnections();
        StartThrottle? throttle = null;
        try
        {
            CheckEnvironment();
            throttle = StartThrottle.Wait(cancellationToken);
            using var listener = ChildListener.Open();
            var began = start.Clock.GetTimestamp();
            process = SpawnedProcess.Start(StartInfo(listener), start);
            using var acceptor = new HandshakeAcceptor(listener, connections);
            try
            {
                obstacle = AcceptConnections(process, acceptor, connections, began);
            }
            finally
            {
                // While the listener is open: a child that cannot connect writes an error to stderr before it exits.
                if (!connections.AreComplete) await process.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            cause = e;
            obstacle = "could not be started: " + e.Message;
        }

        // After the listener is closed: whoever waits for the start finds its folder gone.
        if (obstacle is null)
        {
            throttle!.EndSoon();
            if (start.KillAboveMemory is { } limit) MemoryWatch.Add(process!, limit);
            _started.SetResult(new ChildProcess(process!, connections, throttle));
            return;
        }

        throttle?.Dispose();
        connections.Dispose();
        await FailAsync(process, obstacle, cause).ConfigureAwait(false);
    }

    /// <summary>Accepts the child's connections. Null if they are complete, otherwise what prevented that.</summary>
    private string? AcceptConnections(SpawnedProcess process, HandshakeAcceptor acceptor, ChildConnections connections, long began)
    {
        while (true)
        {
            // Read before the poll: a child that has ended may have connected before, and its handshakes are still to be read.
            var hasExited = process.HasExited;
            var isQuiet = !acceptor.Poll(hasExited ? TimeSpan.Zero : PollInterval);
            if (connections.LeadsGroup) process.OwnsGroup();
            if (connections.AreComplete) return null;
            cancellationToken.ThrowIfCancellationRequested();
            if (hasExited && isQuiet) return "ended before it had connected";
            if (start.Clock.GetElapsedTime(began) > start.Timeout)
                return $"had not connected after {start.Timeout}";
        }
    }

    private async Task FailAsync(SpawnedProcess? process, string obstacle, Exception? cause)
    {
        ChildExit? exit = null;
        // The exit is the obstacle itself, or the child was killed because of the obstacle.
        if (process is { Exited.IsCompleted: true }) exit = await process.Exited.ConfigureAwait(false);

        if (cause is OperationCanceledException) _started.SetCanceled(cancellationToken);
        else _started.SetException(new ChildStartException(start.Name, _command, obstacle, exit, cause));
    }

    // The system takes such variables without a word, and the child then has others.
    private void CheckEnvironment()
    {
        foreach (var (name, value) in start.Environment)
        {
            var fault = name.Length == 0 ? "has an empty name"
                : name.Contains('=', StringComparison.Ordinal) ? "has a '=' in its name"
                : name.Contains('\0', StringComparison.Ordinal) ? "has a character of value zero in its name"
                : value?.Contains('\0', StringComparison.Ordinal) == true ? "has a character of value zero in its value"
                : null;
            if (fault is null) continue;
            throw new ArgumentException(
                $"ProcessTroupeOptions.Environment returned a variable '{name.Replace("\0", "\\0", StringComparison.Ordinal)}' for the worker "
                + $"'{start.Name}' that {fault}. No process can be given that.");
        }
    }

    private ProcessStartInfo StartInfo(ChildListener listener)
    {
        var info = new ProcessStartInfo(_command.File, _command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,   // as a child is told to write
            StandardErrorEncoding = Encoding.UTF8,
            CreateNoWindow = true,   // on Windows: an invisible console of its own, which gets no Ctrl-C
            WorkingDirectory = start.WorkingDirectory ?? "",
        };
        MeantForOneProcess.Remove(info.Environment);
        foreach (var (name, value) in start.Environment)
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        ChildEnvironment.Put(
            info.Environment, listener.SocketPath, listener.Secret, start.Name, start.EntryPoint.Method, _command.Hook);
        return info;
    }
}
