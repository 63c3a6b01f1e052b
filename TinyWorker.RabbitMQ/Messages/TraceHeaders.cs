using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>The W3C trace context of a task, in its message: the span at the host is the child of the submitter's.</summary>
internal static class TraceHeaders
{
    /// <summary>Writes the context of an activity. Nothing without one.</summary>
    public static void Write(IDictionary<string, object?> headers, Activity? activity)
    {
        if (activity is not { IdFormat: ActivityIdFormat.W3C, Id: { } id }) return;
        headers[MessageHeaders.TraceParent] = id;
        if (activity.TraceStateString is { Length: > 0 } state) headers[MessageHeaders.TraceState] = state;
    }

    /// <summary>Starts the activity of a task at its host, whether anybody listens or not: it carries the delivery to the worker. It is to be
    /// stopped when the task has ended. The caller's current activity stays current.</summary>
    public static Activity StartAtHost(IReadOnlyBasicProperties task, string troupe) => throw new NotImplementedException(troupe + task);

    /// <summary>A header as text, whether the broker gives it as bytes or as text; null if it is missing or something else.</summary>
    public static string? TextOf(IReadOnlyBasicProperties message, string header) => message.Headers is { } headers
        && headers.TryGetValue(header, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;
}
