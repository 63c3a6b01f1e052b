using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace TinyWorker.Tests.Support;

/// <summary>A factory of <see cref="FakeLogger"/>s. They keep all messages in one collector.</summary>
internal sealed class FakeLoggers : ILoggerFactory
{
    private readonly FakeLogCollector _collector = new();

    /// <summary>All messages so far, in order.</summary>
    public IReadOnlyList<FakeLogRecord> Records => _collector.GetSnapshot();

    /// <summary>The exceptions of all messages that have one.</summary>
    public List<Exception> Exceptions => [.. Records.Select(record => record.Exception).OfType<Exception>()];

    public int[] EventIds => [.. Records.Select(record => record.Id.Id)];

    public int CountOf(int eventId) => EventIds.Count(id => id == eventId);

    public ILogger CreateLogger(string categoryName) => new FakeLogger(_collector, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
