using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Support;

/// <summary>Runs <see cref="Program"/> in a process of its own.</summary>
internal static class OwnProcess
{
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(TimeSpan deadline, params string[] arguments)
    {
        // The dotnet that runs this test: whatever the test host is called, its runtime lies in dotnet's own folder.
        var dotnet = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());
        using var process = Process.Start(new ProcessStartInfo(dotnet, [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["DOTNET_ThreadPool_ThreadTimeoutMs"] = "1000" },   // threads of the pool that have nothing to do leave soon: how many stay is no chance
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await Within.Time(process.WaitForExitAsync(), "the end of the process", deadline);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        return (process.ExitCode, await Within.Time(output), await Within.Time(errors));
    }
}
