namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Starts a broker, writes the ids of its processes, and never stops it: for the test that nothing outlives the tests.</summary>
internal static class BrokerProgram
{
    public const string Name = "broker";

    public static async Task<int> RunAsync()
    {
        var yard = await BrokerYard.MakeAsync();
        var node = new RabbitNode(yard, "orphan");
        await node.StartAsync();
        Console.WriteLine(FormattableString.Invariant($"broker {node.ProcessId} {yard.EpmdProcessId} {yard.Folder}"));
        await Task.Delay(Timeout.Infinite);
        return 1;
    }
}
