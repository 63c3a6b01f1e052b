using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Support;

/// <summary>Runs a program in a process of its own, which is killed if it does not end.</summary>
internal static class OwnProcess
{
    /// <summary>The dotnet that runs the tests: whatever the test host is called, its runtime lies in dotnet's own folder.</summary>
    public static string DotNet { get; } = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());

    /// <summary>Runs <see cref="Program"/>.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(TimeSpan deadline, params string[] arguments) =>
        RunAsync(typeof(Program).Assembly.Location, deadline, arguments);

    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, TimeSpan deadline, params string[] arguments) =>
        RunAsync(
            new ProcessStartInfo(DotNet, [program, .. arguments])
            {
                Environment = { ["DOTNET_ThreadPool_ThreadTimeoutMs"] = "1000" },   // threads of the pool that have nothing to do leave soon: how many stay is no chance
            },
            deadline);

    /// <summary>Runs what is described, with its input at its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(ProcessStartInfo start, TimeSpan deadline)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await Within.Time(Task.WhenAll(process.WaitForExitAsync(), output, errors), $"the end of {start.FileName} {string.Join(' ', start.ArgumentList)}", deadline);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await output, await errors);
    }
}
