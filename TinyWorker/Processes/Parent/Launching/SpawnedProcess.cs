using System.Diagnostics;
using Nito.AsyncEx;
using Nito.Disposables;
using TinyWorker.Platform;
using TinyWorker.Processes.Protocol;
using TinyWorker.Threading;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// The process of a child, connected or not: its output, its exit, and how to kill it. Owns everything that the system holds for it.
/// </summary>
internal sealed class SpawnedProcess : SingleAsyncDisposable<object>
{
    private const string AbortSignal = "SIGABRT";

    // After the exit, the output that was printed before is in the pipe already. If the pipe does not end, another process holds it open.
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(500);

    // A process that was killed ends at once, unless it hangs in the kernel.
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly OutputPump _output;
    private readonly OutputPump _errors;
    private readonly RuntimeFiles? _runtimeFiles;
    private readonly string _descent;
    private readonly LastErrors _lastErrors = new();
    private readonly AsyncManualResetEvent _exited = new();
    private readonly AsyncManualResetEvent _killed = new();
    private readonly AsyncManualResetEvent _swept = new();   // set once it has ended
    private readonly Lock _lock = new();
    private bool _isKilling;         // guarded by _lock; set once
    private string? _killedBecause;  // guarded by _lock; set with _isKilling
    private string? _remedy;  // guarded by _lock; set with _isKilling
    private volatile bool _leadsGroup;

    private SpawnedProcess(Process process, ChildStart start)
        : base(new object())
    {
        _process = process;
        Id = process.Id;
        var environment = process.StartInfo.Environment;
        _runtimeFiles = HostSystem.Current.RuntimeFilesOf(Id, environment.TryGetValue("TMPDIR", out var folder) ? folder : null);
        _descent = environment[ChildEnvironment.DescentVariable]!;
        process.StandardInput.Dispose();   // Console.In is at its end in the child
        _output = new OutputPump(process.StandardOutput, start.OnOutputLine);
        _errors = new OutputPump(process.StandardError, line =>
        {
            _lastErrors.Add(line);
            start.OnErrorLine(line);
        });
        Exited = EndAsync();
        process.Exited += (_, _) => _exited.Set();
        process.EnableRaisingEvents = true;   // raises the event now if the process has exited already
    }

    public int Id { get; }

    /// <summary>Completes when the process has exited and its output has been forwarded. Never faults.</summary>
    public Task<ChildExit> Exited { get; }

    /// <summary>Whether the process has exited; known a little earlier than <see cref="Exited"/>.</summary>
    public bool HasExited => _exited.IsSet || _process.HasExited;

    public IReadOnlyList<string> LastErrors => _lastErrors.Read();

    /// <summary>Physical memory; 0 when the process has exited.</summary>
    public long ResidentBytes
    {
        get
        {
            try
            {
                return _exited.IsSet ? 0 : HostSystem.Current.ResidentBytes(Id);
            }
            catch (Exception)
            {
                return 0;   // it has just exited: each system has its own exception for that
            }
        }
    }

    /// <summary>Starts the process; blocks until the system has started it.</summary>
    public static SpawnedProcess Start(ProcessStartInfo info, ChildStart start)
    {
        var process = Process.Start(info)!;
        try
        {
            return new SpawnedProcess(process, start);
        }
        catch
        {
            process.Kill();   // out of memory or of threads, which no test causes: nobody would own the process
            process.Dispose();
            throw;
        }
    }

    /// <summary>The process leads a group, which is killed when the process exits.</summary>
    public void OwnsGroup()
    {
        _leadsGroup = true;
        if (_exited.IsSet) HostSystem.Current.KillGroup(Id);   // it has just exited, and EndAsync did not know of the group
    }

    /// <summary>Kills the process and all that it has started. Returns at once, and never throws.</summary>
    /// <param name="because">See <see cref="ILaunchedChild.Kill"/>.</param>
    /// <param name="remedy">See <see cref="ChildExit.Remedy"/>.</param>
    public void Kill(string? because = null, string? remedy = null)
    {
        using (Uninterrupted.Enter(_lock))
        {
            if (_isKilling || HasExited) return;   // what has ended by itself was not killed
            _isKilling = true;
            (_killedBecause, _remedy) = (because, remedy);
        }

        try
        {
            // To find the descendants may take long. And the tasks that are to be ended may occupy the whole pool.
            new Thread(KillTree) { Name = "TinyWorker: kills " + Id, IsBackground = true }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            KillTree();   // the system gives no thread
        }
    }

    /// <summary>Kills the process, waits for its exit and releases everything. Once; later callers wait for the first.</summary>
    protected override async ValueTask DisposeAsync(object context)
    {
        Kill();
        // A process that was killed may hang in the kernel (on a dead network share). The system ends it when it can.
        await Done(Exited, ExitTimeout).ConfigureAwait(false);
        if (_isKilling) await _killed.WaitAsync().ConfigureAwait(false);
        if (_exited.IsSet) await _swept.WaitAsync().ConfigureAwait(false);
        await Drained().ConfigureAwait(false);   // a second time; it fails only if a logger does not return
        _output.Dispose();
        _errors.Dispose();
        _process.Dispose();
    }

    private void KillTree()
    {
        try
        {
            HostSystem.Current.KillTree(_process);
        }
        catch (Exception)
        {
            // The process has just exited, or one of its descendants has. What is left of them may be in the group.
        }

        // Even if it leads no group: no other group has its number yet, because it had the number itself a moment ago.
        HostSystem.Current.KillGroup(Id);
        _killed.Set();
    }

    private async Task<ChildExit> EndAsync()
    {
        await _exited.WaitAsync().ConfigureAwait(false);
        // At once: the number belongs to the group while the group has members. Later another process may get it.
        if (_leadsGroup) HostSystem.Current.KillGroup(Id);
        _ = Task.Run(Sweep);
        _runtimeFiles?.Remove();   // null if it exited before this process could ask for them
        var code = _process.ExitCode;
        await Drained().ConfigureAwait(false);
        string? because, remedy;
        using (Uninterrupted.Enter(_lock)) (because, remedy) = (_killedBecause, _remedy);
        var signal = HostSystem.Current.SignalName(code);
        // Before it dies, a process may have written what looks like a report. The runtime ends a process by this signal, or on Windows by
        // a code that is an error of the system.
        var report = because is null && (signal == AbortSignal || code < 0) ? _lastErrors.Report() : null;
        return new ChildExit(Id, code, signal, report?.Lines ?? _lastErrors.Read())
        {
            Report = report, KilledBecause = because, Remedy = remedy,
        };
    }

    // Kills the descendants that have left the child's group, and whose parents are gone. It runs beside everything else: it takes
    // milliseconds, for which nobody who waits for the exit needs to wait.
    private void Sweep()
    {
        try
        {
            HostSystem.Current.KillMarked(ChildEnvironment.DescentVariable, _descent);
        }
        finally
        {
            _swept.Set();
        }
    }

    private async Task Drained()
    {
        var ended = Task.WhenAll(_output.Ended, _errors.Ended);
        if (await Done(ended, DrainTimeout).ConfigureAwait(false)) return;
        _output.StopReading();
        _errors.StopReading();
        await Done(ended, DrainTimeout).ConfigureAwait(false);
    }

    private static async Task<bool> Done(Task task, TimeSpan timeout)
    {
        try
        {
            await task.WaitAsync(timeout).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
