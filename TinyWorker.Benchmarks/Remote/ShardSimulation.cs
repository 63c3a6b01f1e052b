namespace TinyWorker.Benchmarks.Remote;

internal static class ShardSimulation
{
    public static void Run()
    {
    }
}
