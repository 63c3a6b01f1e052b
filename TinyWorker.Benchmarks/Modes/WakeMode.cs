using System.Diagnostics;
using Nito.AsyncEx;
using TinyWorker.Workers.Executors;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// How long it takes until a thread that has parked runs what is posted to it: a worker's thread beside an AsyncContextThread. They take
/// turns.
/// </summary>
internal static class WakeMode
{
    private const int Rounds = 300;
    private const int WarmUp = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);   // until both have parked

    public static async Task RunAsync()
    {
        var loop = new TaskCompletionSource();
        var executor = new ThreadExecutor("benchmark", maxStackSize: 0, ThreadPriority.Normal);
        executor.Start(() => loop.Task);
        using var contextThread = new AsyncContextThread();
        List<double> ours = [], theirs = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            double own = 0, asyncEx = 0;
            if (round % 2 == 0) own = Microseconds(executor);
            asyncEx = Microseconds(contextThread.Context.SynchronizationContext);
            if (round % 2 != 0) own = Microseconds(executor);
            if (round < 0) continue;
            ours.Add(own);
            theirs.Add(asyncEx);
        }

        loop.SetResult();
        executor.Join();
        await contextThread.JoinAsync();
        Print("ThreadExecutor", ours);
        Print("AsyncContextThread", theirs);
    }

    private static double Microseconds(SynchronizationContext context)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(Pause);
        var began = Stopwatch.GetTimestamp();
        long ran = 0;
        context.Post(_ => Volatile.Write(ref ran, Stopwatch.GetTimestamp()), null);
        while (Volatile.Read(ref ran) == 0) Thread.Yield();
        return Stopwatch.GetElapsedTime(began, ran).TotalMicroseconds;
    }

    private static void Print(string what, List<double> times)
    {
        times.Sort();
        Console.WriteLine(
            $"{what}: {times[times.Count / 2]:F1} us from a post to a parked thread until it runs; " +
            $"a tenth under {times[times.Count / 10]:F1}, a tenth over {times[times.Count * 9 / 10]:F1}");
    }
}
