using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Tests.Telemetry;

/// <summary>Listens to some sources, and keeps their spans that have ended.</summary>
internal sealed class SpanListener : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _ended = new();

    public SpanListener(ActivitySamplingResult result, params string[] sources)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => result,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    public void Dispose() => _listener.Dispose();
}
