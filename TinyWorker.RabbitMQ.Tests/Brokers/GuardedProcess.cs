using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// A program that ends with this process at the latest, also when this process is killed: a guard, a shell, starts it and kills it at the end
/// of its own standard input, which this process holds open. (A signal at the death of the parent will not do alone: that of a .NET process
/// is the thread which started the child.)
/// </summary>
internal sealed class GuardedProcess
{
    // The program gets no handle of the guard's input. Where there is setpriv, the program dies with its guard, too.
    private const string Guard = """
        exec 3<&0 < /dev/null
        log=$1; shift
        exec 2>> "$log"
        if command -v setpriv > /dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi
        "$@" 3<&- >> "$log" 2>&1 &
        program=$!
        echo $program
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

    /// <summary>Starts a program. What it writes goes to the end of a file.</summary>
    public static async Task<GuardedProcess> StartAsync(
        string log, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "guard", log, program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var guard = Process.Start(start)!;
        var line = await guard.StandardOutput.ReadLineAsync().WaitAsync(Within.Deadline);
        return new GuardedProcess(guard, int.Parse(line ?? "", CultureInfo.InvariantCulture));
    }

    public void Kill() => Signals.Kill(Id);

    /// <summary>Waits until the program has ended and nothing of its guard is left.</summary>
    public async Task WaitForExitAsync(TimeSpan deadline)
    {
        await Within.Time(_guard.WaitForExitAsync(), $"the end of process {Id}", deadline);
        _guard.StandardInput.Close();
    }
}
