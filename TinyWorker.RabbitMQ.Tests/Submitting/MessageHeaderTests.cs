using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Serving;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Headers that no TinyWorker writes. They are read where an exception would end the connection, again and again: the message
/// stays.</summary>
public sealed class MessageHeaderTests
{
    private static readonly object?[] Odd =
    [
        1e300, double.NaN, float.MinValue, true, null, "3", new byte[] { 3 }, new List<object> { 1 }, long.MaxValue, long.MinValue,
        new AmqpTimestamp(-1),
    ];

    [TestCaseSource(nameof(Odd))]
    public void Number_OfAnotherKindThanExpected_IsReadWithoutAnError(object? value)
    {
        var death = new Dictionary<string, object?> { ["reason"] = value, ["queue"] = value, ["time"] = value };
        var headers = new Dictionary<string, object?>
        {
            [MessageHeaders.Before] = value, [MessageHeaders.DeliveryCount] = value, [MessageHeaders.Deadline] = value,
            [MessageHeaders.Timeout] = value, [MessageHeaders.Contract] = value, [MessageHeaders.TraceParent] = value,
            [MessageHeaders.Death] = new List<object?> { death },
        };
        var message = new BasicProperties { Headers = headers };
        Assert.That(Death.Of(message).Attempts, Is.GreaterThanOrEqualTo(1));
        var task = new TaskHeaders(message);
        Assert.That(task.Attempt, Is.GreaterThanOrEqualTo(1));
        Assert.That(() => (task.Contract, task.Timeout, task.LeftOfDeadline(TimeProvider.System)), Throws.Nothing);
        Assert.That(TraceHeaders.ContextOf(message), Is.EqualTo(default(System.Diagnostics.ActivityContext)));
    }

    [Test]
    public void Death_AtATimeThatCannotBe_HasNone()
    {
        var death = new Dictionary<string, object?> { ["reason"] = "expired"u8.ToArray(), ["time"] = new AmqpTimestamp(long.MaxValue) };
        var headers = new Dictionary<string, object?> { [MessageHeaders.Death] = new List<object?> { death } };
        var message = new BasicProperties { Headers = headers };
        Assert.That(Death.Of(message), Is.EqualTo(new Death("expired", 1, null)));
    }
}
