using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>What worker processes run. It must not use types of the test framework.</summary>
internal static class WorkerDeaths
{
    private const string Begun = ".begun";
    private const string Allowed = "allowed";

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    public static async Task<int> SlowlySquareAsync(int x, CancellationToken token)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(20), token);   // stands for work
        return x * x;
    }

    /// <summary>Leaves a file in the folder that is named after its process, and waits for <see cref="Allow"/>.</summary>
    public static async Task<int> SquareOnceAllowedAsync((int X, string Folder) input, CancellationToken token)
    {
        await File.WriteAllTextAsync(Path.Combine(input.Folder, $"{Environment.ProcessId}{Begun}"), "", token);
        while (!File.Exists(Path.Combine(input.Folder, Allowed))) await Task.Delay(LookInterval, token);
        return input.X * input.X;
    }

    /// <summary>The processes in which <see cref="SquareOnceAllowedAsync"/> has begun.</summary>
    public static int[] Attempts(string folder) =>
    [
        .. Directory.GetFiles(folder, "*" + Begun)
            .Select(file => int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture)),
    ];

    public static void Allow(string folder) => File.WriteAllText(Path.Combine(folder, Allowed), "");

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
