using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Streaming;

/// <summary>In the ancestors an iterator that is neither ended nor disposed keeps the process from exiting.</summary>
internal sealed class DroppedIteratorTests
{
    [Test]
    public async Task Process_ThatDropsTheIteratorOfAMap_ExitsByItself(
        [Values("Map", "MapAsync", "ParallelMap", "ParallelMapAsync", "ParallelMapAsync on the pool")] string map, [Values] bool hasProgress)
    {
        // The dotnet that runs this test: whatever the test host is called, its runtime lies in dotnet's own folder.
        var dotnet = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());
        using var process = Process.Start(new ProcessStartInfo(dotnet, [typeof(Program).Assembly.Location, map, hasProgress.ToString()])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await Within.Time(process.WaitForExitAsync(), "the end of the process");
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        Assert.That((process.ExitCode, await Within.Time(output)), Is.EqualTo((0, $"0 1{Environment.NewLine}")), await Within.Time(errors));
        Assert.That(await errors, hasProgress ? Does.StartWith("dropped: ") : Is.Empty);
    }
}
