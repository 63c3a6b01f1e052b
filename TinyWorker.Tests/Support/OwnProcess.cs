using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Support;

/// <summary>Runs a program in a process of its own, which is killed if it does not end.</summary>
internal static class OwnProcess
{
    /// <summary>The dotnet that runs the tests. The runtime of the test host lies in the folder of that dotnet.</summary>
    public static string DotNet { get; } = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());

    /// <summary>Runs <see cref="Program"/>.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(TimeSpan deadline, params string[] arguments) =>
        RunAsync(typeof(Program).Assembly.Location, deadline, arguments);

    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string program, TimeSpan deadline, params string[] arguments) => RunAsync(
            new ProcessStartInfo(DotNet, [program, .. arguments])
            {
                // Idle threads of the pool end soon, so that their number does not depend on chance.
                Environment = { ["DOTNET_ThreadPool_ThreadTimeoutMs"] = "1000" },
            },
            deadline);

    /// <summary>Runs a program. Its standard input has ended from the start.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(ProcessStartInfo start, TimeSpan deadline)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            var what = $"the end of {start.FileName} {string.Join(' ', start.ArgumentList)}";
            await Within.Time(Task.WhenAll(process.WaitForExitAsync(), output, errors), what, deadline);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await output, await errors);
    }
}
