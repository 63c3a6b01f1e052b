using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Package;

/// <summary>Runs a program to its end: what it prints, once it has ended with 0. It is killed, with its children, when it takes too long.</summary>
internal static class Command
{
    // It downloads what is not there yet, and the machine may be busy.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>The dotnet that runs this test: whatever the test host is called, its runtime lies in dotnet's own folder.</summary>
    public static Task<string> DotNetAsync(string folder, string packages, params string[] arguments) =>
        RunAsync(Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory()), folder, new()
        {
            ["NUGET_PACKAGES"] = packages,
            ["DOTNET_CLI_UI_LANGUAGE"] = "en",
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["MSBUILDTERMINALLOGGER"] = "off",
            // No build server may outlive the test.
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
            ["UseSharedCompilation"] = "false",
        }, arguments);

    public static async Task<string> RunAsync(string program, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the SDK has told the test host about itself is not for another SDK.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var line = $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";
        try
        {
            await Within.Time(Task.WhenAll(process.WaitForExitAsync(), output, errors), line, Deadline);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        Assert.That(process.ExitCode, Is.Zero, $"{line}\n{await output}{await errors}");
        return (await output).ReplaceLineEndings("\n");
    }
}
