namespace TinyWorker.Examples;

internal static class Promise
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var doublers = new TinyTroupe<int, int>(x => x * 2, new() { Workers = 1 });

        var reading = new TinyFutureSource<int>();             // completed by you: from an event, a callback, a device
        var doubled = doublers.Submit(reading.Future);         // waits for it, and holds no worker
        var other = doublers.Submit(Task.FromResult(100));     // a Task is as good
        Console.WriteLine(await other);
        Console.WriteLine(doubled.Status);

        reading.TrySetResult(21);
        Console.WriteLine(await doubled);
        // </sample>
    }
}
