using System.Diagnostics;

namespace TinyWorker.Tests.Package;

/// <summary>Runs a program that must end with 0, and returns what it prints. After the deadline it is killed with its children.</summary>
internal static class Command
{
    // A program may download packages or compile ahead of time, and the machine may be busy.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(15);

    /// <summary>Runs a command of the dotnet that runs this test.</summary>
    public static Task<string> DotNetAsync(string folder, string packages, params string[] arguments) =>
        RunAsync(OwnProcess.DotNet, folder, new()
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

    public static async Task<string> RunAsync(
        string program, string folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        // The SDK tells the test host about itself. That is not for another SDK.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;

        var (exitCode, output, errors) = await OwnProcess.RunAsync(start, Deadline);
        Assert.That(exitCode, Is.Zero, $"{Path.GetFileName(program)} {string.Join(' ', arguments)}\n{output}{errors}");
        return output.ReplaceLineEndings("\n");
    }
}
