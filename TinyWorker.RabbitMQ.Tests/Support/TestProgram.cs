using System.Runtime.InteropServices;
using System.Text.Json;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>This assembly as a program in a process of its own: a host or a submitter. It ends with the tests at the latest.</summary>
internal sealed class TestProgram : IAsyncDisposable
{
    /// <summary>For the start of a process on a loaded machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // The dotnet that runs the tests. The runtime of the test host lies in the folder of that dotnet.
    private static readonly string DotNet = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());

    private readonly GuardedProcess _process;
    private readonly List<string> _lines = [];
    private readonly Queue<string> _errors = [];
    private readonly Task _reading;
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _outputEnded;
    private bool _isSuspended;

    private TestProgram(GuardedProcess process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadOutputAsync(), ReadErrorsAsync());
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get { lock (_lines) return [.. _lines]; }
    }

    /// <summary>The last lines of its standard error.</summary>
    public string Errors
    {
        get { lock (_errors) return string.Join('\n', _errors); }
    }

    /// <summary>Starts a host, and waits until it takes tasks.</summary>
    public static async Task<TestProgram> HostAsync(HostSettings settings, Ledger ledger)
    {
        var program = await StartAsync(HostProgram.Name, settings, ledger);
        await program.LineAsync("ready");
        return program;
    }

    /// <summary>Starts a submitter.</summary>
    public static Task<TestProgram> SubmitterAsync(SubmitterSettings settings, Ledger ledger) =>
        StartAsync(SubmitterProgram.Name, settings, ledger);

    /// <summary>Starts one of <see cref="Program"/>'s programs.</summary>
    public static async Task<TestProgram> StartAsync<T>(string name, T settings, Ledger ledger) => new(await GuardedProcess.StartAsync(
        null,
        new Dictionary<string, string> { [Ledger.Variable] = ledger.Folder },
        DotNet, typeof(Program).Assembly.Location, name, JsonSerializer.Serialize(settings)));

    /// <summary>Waits for the first line that begins so.</summary>
    public async Task<string> LineAsync(string beginning, TimeSpan? deadline = null)
    {
        using var timeout = new CancellationTokenSource(deadline ?? Patience);
        while (true)
        {
            Task next;
            lock (_lines)
            {
                if (_lines.Find(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found) return found;
                if (_outputEnded) throw Failed($"has ended and never wrote '{beginning}'");
                next = _written.Task;
            }

            try
            {
                await next.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                throw Failed($"has not written '{beginning}' in {deadline ?? Patience}");
            }
        }
    }

    /// <summary>Ends it with SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(Patience);
        _isSuspended = false;
    }

    /// <summary>Asks it to stop (SIGTERM), and waits until it has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(TimeSpan? deadline = null)
    {
        Signals.Terminate(Id);
        return await WaitForExitAsync(deadline);
    }

    /// <summary>Waits until it has ended.</summary>
    /// <returns>Its exit code; 137 after SIGKILL.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan? deadline = null)
    {
        try
        {
            await _process.WaitForExitAsync(deadline ?? Patience);
            return _process.ExitCode;
        }
        catch (AssertionException e)
        {
            throw Failed($"has not ended: {e.Message}");
        }
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public Task WhenExitedAsync(CancellationToken cancellationToken) => _process.WhenExitedAsync(cancellationToken);

    /// <summary>Stops it where it is (SIGSTOP).</summary>
    public void Suspend()
    {
        Signals.Suspend(Id);
        _isSuspended = true;
    }

    /// <summary>Lets it go on.</summary>
    public void Continue()
    {
        Signals.Continue(Id);
        _isSuspended = false;
    }

    /// <summary>Kills it if it still runs. Its errors go to the output of the test.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isSuspended) Continue();
        if (!_process.HasExited) await KillAsync();
        await Within.Time(_reading, "the output of a program that has ended");
        if (TestContext.CurrentContext.Result.Outcome.Status == NUnit.Framework.Interfaces.TestStatus.Failed || Errors.Length > 0)
            TestContext.Out.WriteLine(Describe());
    }

    private AssertionException Failed(string what) => new($"Program {Id} {what}.\n{Describe()}");

    private string Describe() =>
        $"-- program {Id}: the end of its output\n{string.Join('\n', Lines.TakeLast(10))}\n-- and of its errors\n{Errors}";

    private async Task ReadOutputAsync()
    {
        while (await _process.Output.ReadLineAsync() is { } line) Add(() => _lines.Add(line));
        Add(() => _outputEnded = true);
    }

    private void Add(Action change)
    {
        TaskCompletionSource written;
        lock (_lines)
        {
            change();
            written = _written;
            _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        written.SetResult();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.Errors.ReadLineAsync() is { } line)
        {
            lock (_errors)
            {
                _errors.Enqueue(line);
                if (_errors.Count > 60) _errors.Dequeue();
            }
        }
    }
}
