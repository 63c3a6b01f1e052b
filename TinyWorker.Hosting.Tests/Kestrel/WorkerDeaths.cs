using System.Diagnostics;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>What worker processes run. It must not use types of the test framework.</summary>
internal static class WorkerDeaths
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    public static async Task<int> SlowlySquareAsync(int x, CancellationToken token)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(20), token);   // stands for work
        return x * x;
    }

    /// <summary>Waits for the file, and dies if that says so; squares otherwise.</summary>
    public static async Task<int> AwaitFileAsync((int X, string File) input, CancellationToken token)
    {
        while (!File.Exists(input.File)) await Task.Delay(LookInterval, token);
        return input.X * input.X;
    }

    public static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
