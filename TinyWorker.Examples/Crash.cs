using System.Diagnostics;

namespace TinyWorker.Examples;

internal static class Crash
{
    private const int Tasks = 2_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task RunAsync()
    {
        await using var workers = new TinyTroupe<int, long>(
            Square, new ProcessTroupeOptions { Name = "squares", Workers = 3, MaxAttempts = 20 });
        await workers.WhenReadyAsync();

        using var over = new CancellationTokenSource();
        var killing = KillAsync(workers, over.Token);
        var sum = await workers.MapAsync(Enumerable.Range(0, Tasks)).SumAsync();
        await over.CancelAsync();

        Console.WriteLine($"{await killing} worker processes were killed while the tasks ran.");
        Console.WriteLine(workers);
        var isRight = sum == Enumerable.Range(0, Tasks).Sum(x => (long)x * x);
        Console.WriteLine($"The sum of the squares is {sum:N0}, which is {(isRight ? "right" : "WRONG")}.");

        try
        {
            // This troupe has no second attempt: the task would end every worker.
            await using var unlucky = new TinyTroupe<int, int>(
                code =>
                {
                    Console.Error.WriteLine("about to leave");
                    Environment.Exit(code);
                    return code;
                },
                new ProcessTroupeOptions { Name = "unlucky", Workers = 1 });
            await unlucky.CallAsync(42);
        }
        catch (WorkerCrashedException exception)
        {
            Console.WriteLine($"{exception.GetType().Name}: exit code {exception.ExitCode}, last line '{exception.LastErrorLines[^1]}'");
        }
    }

    private static long Square(int x)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromMilliseconds(1);)
            Thread.SpinWait(100);   // stands for work
        return (long)x * x;
    }

    /// <summary>Kills one worker after the other, as the operating system does when memory runs out.</summary>
    private static async Task<int> KillAsync(TinyTroupe<int, long> workers, CancellationToken over)
    {
        for (var killed = 0; ; killed++)
        {
            await Task.Delay(Pause, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested) return killed;
            var victims = workers.Snapshot().Workers.Where(worker => worker.ProcessId is not null).ToArray();
            if (victims.Length == 0) continue;
            try
            {
                Process.GetProcessById(victims[killed % victims.Length].ProcessId!.Value).Kill();
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
            {
                killed--;   // the process has ended by itself
            }
        }
    }
}
