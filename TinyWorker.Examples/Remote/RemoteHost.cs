using System.Globalization;
using TinyWorker.RabbitMQ;

namespace TinyWorker.Examples;

/// <summary>The working side of the example: this program in another process, most often on another machine.</summary>
internal static class RemoteHost
{
    /// <param name="broker">The URI of the broker.</param>
    /// <param name="record">The file in which each run of a task is noted. It is for this demonstration only.</param>
    public static async Task ServeAsync(string broker, string record)
    {
        await using var runs = new StreamWriter(record) { AutoFlush = true };
        var gate = new Lock();

        // The standard input ends when the submitter wants this host to stop. A service stops on SIGTERM instead.
        using var stopping = new CancellationTokenSource();
        var end = Task.Run(() =>
        {
            Console.In.ReadToEnd();
            stopping.Cancel();
        });

        // <sample>
        await using var workers = new TinyTroupe<int, long>(SquareAsync, new PoolTroupeOptions { Name = "squares", Workers = 4 });
        await using var host = new RabbitTroupeHost<int, long>(workers, new() { Broker = broker });
        await host.RunAsync(stopping.Token);   // until the token fires; then it takes no more tasks, and ends those that it has

        async Task<long> SquareAsync(int x, CancellationToken token)
        {
            Note(RabbitDelivery.Current!);      // which task it is, and which attempt
            await Task.Delay(20, token);        // stands for work
            return (long)x * x;
        }
        // </sample>

        await end;

        void Note(RabbitDelivery delivery)
        {
            lock (gate) runs.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{delivery.TaskId} {delivery.Attempt}"));
        }
    }
}
