using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// A program that ends with this process at the latest, also when this process is killed: a guard, a shell, starts it and kills it at the
/// end of its own standard input, which this process holds open. (A signal at the death of the parent will not do alone: that of a .NET
/// process is the thread which started the child.)
/// </summary>
internal sealed class GuardedProcess
{
    // The program gets no handle of the guard's input, so that only this process holds it. Where there is setpriv, the program dies with
    // its guard, too. The first line of the guard's output is the id of the program; the rest is the program's own, unless it goes to a
    // file.
    private const string Guard = """
        exec 3<&0 < /dev/null 4>&1
        log=$1; shift
        if [ "$log" != - ]; then exec >> "$log" 2>&1; fi
        if command -v setpriv > /dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi
        "$@" 3<&- 4>&- &
        program=$!
        echo $program >&4
        exec 4>&-
        (while read -r _; do :; done; kill -9 $program) <&3 > /dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $program
        code=$?
        kill $watch 2> /dev/null
        exit $code
        """;

    private readonly Process _guard;

    private GuardedProcess(Process guard, int id) => (_guard, Id) = (guard, id);

    /// <summary>The id of the program (not of its guard).</summary>
    public int Id { get; }

    public bool HasExited => _guard.HasExited;

    /// <summary>The exit code of the program, once it has ended; 128 and the signal if one ended it.</summary>
    public int ExitCode => _guard.ExitCode;

    /// <summary>What the program writes, if it has no file for it.</summary>
    public StreamReader Output => _guard.StandardOutput;

    /// <summary>What the program writes as errors, if it has no file for it.</summary>
    public StreamReader Errors => _guard.StandardError;

    /// <summary>Starts a program.</summary>
    /// <param name="log">The file to whose end its output goes; null for <see cref="Output"/>.</param>
    /// <param name="environment">Variables for it.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<GuardedProcess> StartAsync(
        string? log, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "guard", log ?? "-", program, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var guard = Process.Start(start)!;
        var line = await Within.Time(guard.StandardOutput.ReadLineAsync(), "the guard of " + program);
        return new GuardedProcess(guard, int.Parse(line ?? "", CultureInfo.InvariantCulture));
    }

    public void Kill() => Signals.Kill(Id);

    /// <summary>Waits until the program has ended.</summary>
    public async Task WhenExitedAsync(CancellationToken cancellationToken)
    {
        await _guard.WaitForExitAsync(cancellationToken);
        _guard.StandardInput.Close();
    }

    /// <summary>Waits until the program has ended and nothing of its guard is left.</summary>
    public async Task WaitForExitAsync(TimeSpan deadline)
    {
        await Within.Time(_guard.WaitForExitAsync(), $"the end of process {Id}", deadline);
        _guard.StandardInput.Close();
    }
}
