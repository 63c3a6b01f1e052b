using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>
/// The W3C trace context and baggage of a task, in its message: the span at the host is the child of the submitter's.
/// </summary>
internal static class TraceHeaders
{
    /// <summary>What the delivery itself puts into the baggage of its activity. It belongs to one attempt at one host, and travels to no
    /// other.</summary>
    private const string DeliveryPrefix = "tinyworker.task.";

    // W3C: a platform must propagate 8,192 bytes, and may drop what is more.
    private const int MaxBaggage = 8192;
    private const int MaxTraceState = 4096;

    /// <summary>Writes the context of an activity, and its baggage. Nothing without one.</summary>
    /// <param name="headers">The headers; a <see cref="KeptHeaders"/>, so that RabbitMQ.Client does not replace the context.</param>
    /// <param name="activity">The activity.</param>
    public static void Write(IDictionary<string, object?> headers, Activity? activity)
    {
        if (activity is not { IdFormat: ActivityIdFormat.W3C, Id: { } id }) return;
        if (BaggageOf(activity) is { } baggage) headers[MessageHeaders.Baggage] = baggage;
        if (activity.TraceStateString is { Length: > 0 } state) headers[MessageHeaders.TraceState] = state;
        headers[MessageHeaders.TraceParent] = id;   // last: from then on they are kept
    }

    /// <summary>Starts the activity of a task at its host, whether anybody listens or not: it carries the delivery to the worker. It is to be
    /// stopped when the task has ended, by <see cref="RabbitActivity.EndProcess"/>. The caller's current activity stays current.</summary>
    /// <param name="task">The message.</param>
    /// <param name="troupe">The name of the troupe.</param>
    public static Activity StartAtHost(IReadOnlyBasicProperties task, string troupe)
    {
        var activity = RabbitActivity.StartProcess("tw." + troupe, task, ContextOf(task));
        if (TextOf(task, MessageHeaders.Baggage) is { Length: > 0 and <= MaxBaggage } baggage) Read(baggage, activity);
        return activity;
    }

    /// <summary>The submitter's context; default if there is none, or none that can be read.</summary>
    public static ActivityContext ContextOf(IReadOnlyBasicProperties task)
    {
        if (TextOf(task, MessageHeaders.TraceParent) is not { } parent) return default;
        var state = TextOf(task, MessageHeaders.TraceState);
        if (state is { Length: > MaxTraceState }) state = null;
        return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default;
    }

    /// <summary>A header as text, whether the broker gives it as bytes or as text; null if it is missing or something else.</summary>
    public static string? TextOf(IReadOnlyBasicProperties message, string header) => message.Headers is { } headers
        && headers.TryGetValue(header, out var value)
            ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
            : null;

    private static string? BaggageOf(Activity activity)
    {
        StringBuilder? text = null;
        foreach (var (key, value) in activity.Baggage)
        {
            if (key.Length == 0 || key.StartsWith(DeliveryPrefix, StringComparison.Ordinal)) continue;
            var item = $"{Uri.EscapeDataString(key)}={Uri.EscapeDataString(value ?? "")}";
            if ((text?.Length ?? -1) + 1 + item.Length > MaxBaggage) break;
            text = text is null ? new StringBuilder(item) : text.Append(',').Append(item);
        }

        return text?.ToString();
    }

    private static void Read(string baggage, Activity activity)
    {
        // By hand: the propagator of the framework drops all of them for one that it does not like, such as one without a value.
        // An activity lists the newest item first, and so does the header.
        foreach (var item in baggage.Split(',').Reverse())
        {
            var pair = item.Split(';')[0].Split('=', 2);   // properties are not kept
            var key = Uri.UnescapeDataString(pair[0].Trim());
            if (pair.Length < 2 || key.Length == 0 || key.StartsWith(DeliveryPrefix, StringComparison.Ordinal)) continue;
            activity.AddBaggage(key, Uri.UnescapeDataString(pair[1].Trim()));
        }
    }
}

/// <summary>
/// Headers of a message in which a trace context stays as it was written. RabbitMQ.Client writes that of its own span into the headers of
/// each message that it sends, while somebody listens to its source: a span of the channel's writer, which has nothing to do with the
/// submitter's. It does so through the interface.
/// </summary>
internal sealed class KeptHeaders(int capacity) : Dictionary<string, object?>(capacity), IDictionary<string, object?>
{
    object? IDictionary<string, object?>.this[string key]
    {
        get => this[key];
        set
        {
            if (key is MessageHeaders.TraceParent or MessageHeaders.TraceState or MessageHeaders.Baggage
                && ContainsKey(MessageHeaders.TraceParent)) return;
            this[key] = value;
        }
    }
}
