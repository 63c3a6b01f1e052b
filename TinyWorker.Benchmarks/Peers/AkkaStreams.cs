using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>
/// Akka.Streams: SelectAsync calls a function that returns a task, a number of calls at a time, and keeps the order. A function that
/// computes has to go to the pool by itself.
/// </summary>
internal sealed class AkkaStreams : IAsyncDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("benchmark", "akka { loglevel = OFF, stdout-loglevel = OFF }");
    private readonly ActorMaterializer _materializer;

    public AkkaStreams() => _materializer = _system.Materializer();

    public Task<long> SumAsync(int count, int workers, Func<int, int> function) =>
        Source.From(Enumerable.Range(0, count))
            .SelectAsync(workers, x => Task.Run(() => function(x)))
            .RunAggregate(0L, (sum, result) => sum + result, _materializer);

    public async ValueTask DisposeAsync()
    {
        _materializer.Dispose();
        await _system.Terminate();
        _system.Dispose();
    }
}
