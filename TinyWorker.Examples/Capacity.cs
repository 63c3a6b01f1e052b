namespace TinyWorker.Examples;

internal static class Capacity
{
    public static async Task RunAsync()
    {
        // <sample>
        using var gate = new ManualResetEventSlim();
        await using var workers = new TinyTroupe<int, int>(
            x =>
            {
                gate.Wait();
                return x;
            },
            new() { Workers = 1, Capacity = 2 });

        _ = workers.Submit(0);
        SpinWait.SpinUntil(() => workers.Snapshot().Waiting == 0);   // a running task does not count

        var accepted = 0;
        while (workers.TrySubmit(1, out _)) accepted++;
        Console.WriteLine($"{accepted} wait, and there is no more room");

        var patient = workers.SubmitAsync(2);
        Console.WriteLine($"SubmitAsync has returned its future: {patient.IsCompleted}");
        gate.Set();
        Console.WriteLine(await await patient);
        // </sample>
    }
}
