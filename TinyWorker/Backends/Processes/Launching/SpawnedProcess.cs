using System.Diagnostics;
using TinyWorker.Backends.Processes.Launching.Systems;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// The process of a child, connected or not: its output, its end, and how to bring that about. Owns everything that the system holds for it.
/// </summary>
internal sealed class SpawnedProcess : IAsyncDisposable
{
    private const int LastErrorLines = 20;

    // The exit is known, but not everything that was printed before it has been read: it is there already, or somebody else holds the pipe.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMilliseconds(500);

    // A process that was killed ends at once, unless the kernel holds it in the middle of something.
    private static readonly TimeSpan DeathPatience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly OutputPump _output;
    private readonly OutputPump _errors;
    private readonly RuntimeFiles? _runtimeFiles;
    private readonly string _descent;
    private readonly RecentLines _lastErrors = new(LastErrorLines);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _swept = new(TaskCreationOptions.RunContinuationsAsynchronously);   // set once it has ended
    private readonly Lock _lock = new();
    private Task? _disposed;         // guarded by _lock; set once
    private bool _isKilling;         // guarded by _lock; set once
    private volatile bool _leadsGroup;

    private SpawnedProcess(Process process, ChildStart start)
    {
        _process = process;
        Id = process.Id;
        _runtimeFiles = HostSystem.Current.RuntimeFilesOf(Id, process.StartInfo.Environment.TryGetValue("TMPDIR", out var folder) ? folder : null);
        _descent = process.StartInfo.Environment[ChildMarks.DescentVariable]!;
        process.StandardInput.Dispose();   // Console.In is at its end there
        _output = new OutputPump(process.StandardOutput, start.OnOutputLine);
        _errors = new OutputPump(process.StandardError, line =>
        {
            _lastErrors.Add(line);
            start.OnErrorLine(line);
        });
        Exited = EndAsync();
        process.Exited += (_, _) => _gone.TrySetResult();
        process.EnableRaisingEvents = true;   // raises it now if it is over already
    }

    public int Id { get; }

    /// <summary>The process has ended, and what it printed has been handed on. Never faults.</summary>
    public Task<ChildExit> Exited { get; }

    /// <summary>Whether it has ended; known a little earlier than <see cref="Exited"/>.</summary>
    public bool HasExited => _gone.Task.IsCompleted || _process.HasExited;

    public IReadOnlyList<string> LastErrors => _lastErrors.Read();

    /// <summary>Physical memory; 0 when it has ended.</summary>
    public long ResidentBytes
    {
        get
        {
            try
            {
                return _gone.Task.IsCompleted ? 0 : HostSystem.Current.ResidentBytes(Id);
            }
            catch (Exception)
            {
                return 0;   // it has just ended: each system has its own exception for it
            }
        }
    }

    /// <summary>Starts the process; blocks until the system has it.</summary>
    public static SpawnedProcess Start(ProcessStartInfo info, ChildStart start)
    {
        var process = Process.Start(info)!;
        try
        {
            return new SpawnedProcess(process, start);
        }
        catch
        {
            process.Kill();   // out of memory, or of threads, which no test brings about: nobody would own it
            process.Dispose();
            throw;
        }
    }

    /// <summary>The process leads a group, which is to end when it does.</summary>
    public void OwnsGroup()
    {
        _leadsGroup = true;
        if (_gone.Task.IsCompleted) HostSystem.Current.KillGroup(Id);   // it ended just now: whoever saw that knew nothing of the group
    }

    /// <summary>Kills it and all that it has started. Returns at once, and never throws.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_isKilling || _gone.Task.IsCompleted) return;
            _isKilling = true;
        }

        try
        {
            // To find the descendants can take a long time; and the pool may be starved, by the very tasks that are to be ended.
            new Thread(KillTree) { Name = "TinyWorker: kills " + Id, IsBackground = true }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            KillTree();   // the system gives no thread
        }
    }

    /// <summary>Kills it, waits for its end and lets go of everything. Once; later callers wait for the first.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock) return new ValueTask(_disposed ??= DisposeOnceAsync());
    }

    private async Task DisposeOnceAsync()
    {
        Kill();
        // It may have been killed, but be held in the kernel (a dead network share): the system ends it when it can; nothing here can.
        await Done(Exited, DeathPatience).ConfigureAwait(false);
        if (_isKilling) await _killed.Task.ConfigureAwait(false);
        if (_gone.Task.IsCompleted) await _swept.Task.ConfigureAwait(false);
        await Drained().ConfigureAwait(false);   // again, and in vain only if a logger does not come back
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
            // It has ended just now, or one of its descendants has: what is left of them is in the group, if anywhere.
        }

        // Whether it leads one or not: its number was its own a moment ago, so it is no other group's yet.
        HostSystem.Current.KillGroup(Id);
        _killed.TrySetResult();
    }

    private async Task<ChildExit> EndAsync()
    {
        await _gone.Task.ConfigureAwait(false);
        // At once: the number is the group's as long as anybody is left in it, and can be somebody else's later.
        if (_leadsGroup) HostSystem.Current.KillGroup(Id);
        _ = Task.Run(Sweep);
        _runtimeFiles?.Remove();   // none if it was over before one could ask for them
        var code = _process.ExitCode;
        await Drained().ConfigureAwait(false);
        return new ChildExit(Id, code, HostSystem.Current.SignalName(code), _lastErrors.Read());
    }

    // What is in no group of the child's, and has nobody any more who could tell that it descends from it. Beside everything else: it takes
    // milliseconds, and who waits for the exit need not wait for it.
    private void Sweep()
    {
        try
        {
            HostSystem.Current.KillMarked(ChildMarks.DescentVariable, _descent);
        }
        finally
        {
            _swept.SetResult();
        }
    }

    private async Task Drained()
    {
        var ended = Task.WhenAll(_output.Ended, _errors.Ended);
        if (await Done(ended, DrainPatience).ConfigureAwait(false)) return;
        _output.GiveUp();
        _errors.GiveUp();
        await Done(ended, DrainPatience).ConfigureAwait(false);
    }

    private static async Task<bool> Done(Task task, TimeSpan patience)
    {
        try
        {
            await task.WaitAsync(patience).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
