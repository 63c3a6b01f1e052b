using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Tests.Leaks;

/// <summary>
/// Runs many troupes one after the other, or many tasks through one troupe, in a process of its own. Prints what the process holds before
/// and after, and how long it took. It names no type of the test framework.
/// </summary>
internal static class LeakRun
{
    public const string Name = "leaks";
    public const int Workers = 2;

    private static readonly CancellationTokenSource Token = new();   // never fires
    private static readonly TinyFutureSource<int> Never = new();     // never completes; its dependents come and go

    public static async Task RunAsync(string what, string backend, string count)
    {
        var number = int.Parse(count, CultureInfo.InvariantCulture);
        if (what == "troupes") await TroupesAsync(backend, number);
        else await TasksAsync(backend, number);
    }

    private static async Task TroupesAsync(string backend, int count)
    {
        for (var i = 0; i < Math.Max(20, count / 50); i++) await LiveAsync(backend, i);   // makes what a process makes once
        await MeasureAsync(timers: 0, async () =>
        {
            for (var i = 0; i < count; i++) await LiveAsync(backend, i);
        });
    }

    private static async Task TasksAsync(string backend, int count)
    {
        await using var troupe = new TinyTroupe<int, int>(static x => x + 1, Options(backend, 1));
        Submit(troupe, count / 50);
        await MeasureAsync(timers: Workers, () =>   // one for each worker of the living troupe
        {
            Submit(troupe, count);
            return Task.CompletedTask;
        });
    }

    private static async Task MeasureAsync(int timers, Func<Task> step)
    {
        Console.Write(Holdings.Take(Token).ToJson()[..0]);   // makes what looking and printing make once
        Console.Error.Write("");
        var before = Holdings.Take(Token);
        var clock = Stopwatch.StartNew();
        await step();
        var time = clock.Elapsed;
        var after = Holdings.Settled(Token, before with { Timers = timers });
        Console.WriteLine(before.ToJson());
        Console.WriteLine(after.ToJson());
        Console.WriteLine(time);
    }

    /// <summary>A troupe with a few tasks. The number decides how the troupe ends.</summary>
    private static async Task LiveAsync(string backend, int i)
    {
        var troupe = new TinyTroupe<int, int>(static (x, token) => x < 0 ? throw new FormatException() : x + 1, Options(backend, i));
        var first = troupe.Submit(i, Token.Token);
        var second = troupe.Submit(first, Token.Token);
        var faulted = troupe.Submit(-1);
        troupe.Submit(Never.Future, Token.Token).Cancel();
        switch (i % 5)
        {
            case 0:
                if (second.Result() != i + 2) throw new InvalidOperationException(second.ToString());
                troupe.Dispose();
                break;
            case 1:
                await troupe.DisposeAsync();
                break;
            case 2:
                troupe.Abort();
                troupe.Dispose();
                break;
            case 3:
                await troupe.StopAsync(Token.Token);
                break;
            default:
                await foreach (var x in troupe.MapAsync(Enumerable.Range(0, 10), cancellationToken: Token.Token))
                    if (x > 1) break;
                await troupe.DisposeAsync();
                break;
        }

        if (!second.IsCompleted || !faulted.IsCompleted) throw new InvalidOperationException("A task was lost.");
    }

    /// <summary>Plain tasks, chained ones, cancelled ones, and those of maps.</summary>
    private static void Submit(TinyTroupe<int, int> troupe, int count)
    {
        const int Batch = 1000;
        var futures = new TinyFuture<int>[Batch];
        for (var done = 0; done < count; done += Batch)
        {
            if (done / Batch % 4 == 3)
            {
                var sum = troupe.Map(Enumerable.Range(0, Batch)).Sum(static x => (long)x);
                if (sum != Batch * (Batch + 1L) / 2) throw new InvalidOperationException("A map is wrong.");
                continue;
            }

            for (var i = 0; i < Batch; i++)
            {
                futures[i] = (i % 16) switch
                {
                    1 => troupe.Submit(i, Token.Token),
                    2 => troupe.Submit(futures[i - 1], Token.Token),
                    3 => troupe.Submit(Never.Future, Token.Token),
                    4 => futures[i - 1].Cancel() ? futures[i - 1] : throw new InvalidOperationException("It could not be cancelled."),
                    _ => troupe.Submit(i),
                };
            }

            for (var i = 0; i < Batch; i++)
            {
                // Number 2 has the result of number 1 as its input, which is 2.
                if (i % 16 is not (3 or 4) && futures[i].Result() != i + 1) throw new InvalidOperationException($"{i}: {futures[i]}");
            }
        }
    }

    // Some troupes have timers, some recycle their workers.
    private static TinyTroupeOptions Options(string backend, int i)
    {
        var timeout = i % 2 == 0 ? (TimeSpan?)null : TimeSpan.FromMinutes(10);
        int? recycling = i % 3 == 0 ? 2 : null;
        return backend switch
        {
            "threads" => new ThreadTroupeOptions { Workers = Workers, TaskTimeout = timeout, MaxTasksPerWorker = recycling },
            "pool" => new PoolTroupeOptions { Workers = Workers, TaskTimeout = timeout, MaxTasksPerWorker = recycling },
            "inline" => new InlineTroupeOptions { Workers = Workers, TaskTimeout = timeout, MaxTasksPerWorker = recycling },
            "processes" => new ProcessTroupeOptions { Workers = Workers, TaskTimeout = timeout, MaxTasksPerWorker = recycling },
            _ => throw new ArgumentException($"There is no back-end '{backend}'."),
        };
    }
}
