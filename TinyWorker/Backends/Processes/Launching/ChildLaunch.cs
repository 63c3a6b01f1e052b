using System.Diagnostics;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// One start of a child, on a thread of its own: to start a process blocks for some milliseconds, and must not wait for the shared pool,
/// which may be busy waiting for what this very child is to do.
/// </summary>
internal sealed class ChildLaunch(ChildStart start, CancellationToken cancellationToken)
{
    // How late an exit, a cancellation or the timeout can be noticed; a connection is noticed at once.
    private static readonly TimeSpan LookAround = TimeSpan.FromMilliseconds(10);

    private readonly ChildCommand _command = ChildCommand.ForThisProgram();
    private readonly TaskCompletionSource<ChildProcess> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ChildProcess> RunAsync()
    {
        new Thread(() => _ = RunSafelyAsync()) { Name = "TinyWorker: starts " + start.Name, IsBackground = true }.UnsafeStart();
        return _started.Task;
    }

    // Where no file can be opened any more, no assembly can be loaded either, and anything can throw that is used for the first time: what
    // leaves a thread of its own would end the program, and what is not told would leave the troupe waiting.
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
        var connections = new Connections();
        StartTurn? turn = null;
        try
        {
            turn = StartTurn.Wait(cancellationToken);
            using var socket = PrivateSocket.Open();
            var began = start.Clock.GetTimestamp();
            process = SpawnedProcess.Start(StartInfo(socket), start);
            using var receptionist = new Receptionist(socket, connections);
            try
            {
                obstacle = Meet(process, receptionist, connections, began);
            }
            finally
            {
                // While there is still somebody to connect to: a child that is not let in complains on stderr before it leaves.
                if (!connections.AreComplete) await process.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            cause = e;
            obstacle = "could not be started: " + e.Message;
        }

        // Only now, when the socket is gone: whoever waits for the start finds nothing of it.
        if (obstacle is null)
        {
            turn!.EndSoon();
            _started.SetResult(new ChildProcess(process!, connections, turn));
            return;
        }

        turn?.End();
        connections.Dispose();
        await FailAsync(process, obstacle, cause).ConfigureAwait(false);
    }

    /// <summary>Takes the child's connections. Null if they are all there, else what came between.</summary>
    private string? Meet(SpawnedProcess process, Receptionist receptionist, Connections connections, long began)
    {
        while (true)
        {
            // Looked at first: a child that has ended may have connected before, and is heard out.
            var hasExited = process.HasExited;
            var isQuiet = !receptionist.Attend(hasExited ? TimeSpan.Zero : LookAround);
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
        // An exit that is the obstacle itself, or the one that was brought about.
        if (process is { Exited.IsCompleted: true }) exit = await process.Exited.ConfigureAwait(false);

        if (cause is OperationCanceledException) _started.SetCanceled(cancellationToken);
        else _started.SetException(new ChildStartException(start.Name, _command, obstacle, exit, cause));
    }

    private ProcessStartInfo StartInfo(PrivateSocket socket)
    {
        var info = new ProcessStartInfo(_command.File, _command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,   // on Windows: a console of its own that nobody sees, where no Ctrl-C arrives
            WorkingDirectory = start.WorkingDirectory ?? "",
        };
        // It stops a runtime at its start until a tool lets it go on, and the tool knows of this process only.
        info.Environment.Remove("DOTNET_DiagnosticPorts");
        foreach (var (name, value) in start.Environment)
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        ChildMarks.Put(info.Environment, socket, start, _command.Hook);
        return info;
    }
}
