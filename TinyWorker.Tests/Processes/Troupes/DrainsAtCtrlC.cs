using System.Globalization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A program that drains its troupe at Ctrl-C.</summary>
internal static class DrainsAtCtrlC
{
    public const string Name = "DrainsAtCtrlC";
    public const int Tasks = 10;

    public static async Task RunAsync(string gate)
    {
        var asked = new TaskCompletionSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            asked.TrySetResult();
        };
        var troupe = new TinyTroupe<int, int>(x => { Deaths.Await(gate); return x; }, new ProcessTroupeOptions { Workers = 2 });
        var futures = Enumerable.Range(0, Tasks).Select(x => troupe.Submit(x)).ToArray();
        await troupe.WhenReadyAsync();
        int[] ids = [Environment.ProcessId, .. troupe.Snapshot().Workers.Select(worker => worker.ProcessId!.Value)];
        Console.WriteLine(string.Join(' ', ids.Select(id => id.ToString(CultureInfo.InvariantCulture))));
        await asked.Task;
        Console.WriteLine("draining");
        await troupe.DisposeAsync();
        Console.WriteLine($"{futures.Count(future => future.Status == TinyFutureStatus.Succeeded)} of {Tasks}");
    }
}
