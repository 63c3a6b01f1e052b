#pragma warning disable CA2016 // ToArrayAsync has the token, and ends the map with it.
namespace TinyWorker.RabbitMQ.Tests.Docs;

/// <summary>The sample of the README of TinyWorker.RabbitMQ.</summary>
internal static class SquaresSample
{
    public static Task RunAsync(RabbitBroker broker, CancellationToken stopping) => ServeAsync(broker, stopping);

    public static Task<double[]> SubmitAsync(RabbitBroker broker, CancellationToken stopping) => SubmitAllAsync(broker, stopping);

    // <sample>
    // A program on each machine that works: any troupe of threads, tasks or processes, and a host that feeds it
    private static async Task ServeAsync(RabbitBroker broker, CancellationToken stopping)
    {
        await using var troupe = new TinyTroupe<int, double>(x => 0.5 * x * x, new ThreadTroupeOptions { Name = "squares" });
        await using var host = new RabbitTroupeHost<int, double>(troupe, new RabbitHostOptions { Broker = broker });
        await host.RunAsync(stopping);   // until SIGTERM, say; what runs ends first
    }

    // The program that has the work
    private static async Task<double[]> SubmitAllAsync(RabbitBroker broker, CancellationToken cancellationToken)
    {
        await using var squares = new RabbitTroupe<int, double>("squares", new RabbitTroupeOptions { Broker = broker });
        return await squares.MapAsync(Enumerable.Range(0, 10)).ToArrayAsync(cancellationToken);
    }
    // </sample>
}
