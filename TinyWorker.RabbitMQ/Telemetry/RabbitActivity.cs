using System.Diagnostics;
using RabbitMQ.Client;
using TinyWorker.Diagnostics;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Telemetry;

/// <summary>
/// The activity source of troupes on a broker, by OpenTelemetry's conventions for messaging. A submitter has a span for each task that it
/// sends, a host one for each task that it runs; the span of the local troupe's task is the child of the latter.
/// </summary>
internal static class RabbitActivity
{
    public const string SourceName = "TinyWorker.RabbitMQ";

    /// <summary>The name of the activity that a host has where nobody samples its span.</summary>
    public const string PlainName = "TinyWorker.RabbitMQ.Process";

    private const string System = "messaging.system";
    private const string Destination = "messaging.destination.name";
    private const string OperationType = "messaging.operation.type";
    private const string OperationName = "messaging.operation.name";
    private const string RoutingKey = "messaging.rabbitmq.destination.routing_key";
    private const string MessageId = "messaging.message.id";
    private const string BodySize = "messaging.message.body.size";
    private const string Rabbit = "rabbitmq";
    private const string Send = "send";
    private const string Process = "process";

    private static readonly ActivitySource Source = MakeSource();

    /// <summary>Begins the span of a task that is sent; its parent is the caller's current activity, which stays current. Cheap while nobody
    /// listens.</summary>
    /// <param name="exchange">The exchange that it is sent to.</param>
    /// <param name="taskId">The id of the task.</param>
    /// <param name="replyQueue">The queue for its reply, which is the routing key; null if it wants none.</param>
    /// <param name="bodySize">The size of its body, in bytes.</param>
    /// <returns>The span; null if nobody wants one.</returns>
    public static Activity? StartSend(string exchange, string taskId, string? replyQueue, int bodySize)
    {
        if (!Source.HasListeners()) return null;
        var before = Activity.Current;
        var tags = Tags(Send, exchange, taskId, replyQueue, bodySize);
        var span = Source.CreateActivity($"{Send} {exchange}", ActivityKind.Producer, default(ActivityContext), tags)?.Start();
        if (span is not null) MakeCurrent(before);
        return span;
    }

    /// <summary>Ends the span of a task that was sent.</summary>
    /// <param name="span">The span; nothing happens without one.</param>
    /// <param name="outcome">How the last attempt to send it ended.</param>
    public static void EndSend(Activity? span, PublishOutcome outcome)
    {
        if (span is null) return;
        if (outcome != PublishOutcome.Stored)
        {
            var error = outcome switch
            {
                PublishOutcome.Rejected => "rejected",
                PublishOutcome.Returned => "returned",
                _ => "lost",
            };
            span.SetTag(TinyWorkerMeter.ErrorType, error)
                .SetStatus(ActivityStatusCode.Error, $"The broker has not stored the task: {error}.");
        }

        Stop(span);
    }

    /// <summary>
    /// Begins the activity of a task at its host: a span if somebody samples it, else a plain activity, for it carries the delivery to the
    /// worker. The caller's current activity stays current.
    /// </summary>
    /// <param name="exchange">The exchange of the troupe's tasks.</param>
    /// <param name="task">The message.</param>
    /// <param name="parent">The submitter's context; default for none.</param>
    public static Activity StartProcess(string exchange, IReadOnlyBasicProperties task, ActivityContext parent)
    {
        var before = Activity.Current;
        // The task has nothing to do with what runs here by chance: a consumer's span of RabbitMQ.Client, or what the host was started in.
        if (before is not null) Activity.Current = null;
        Activity? activity = null;
        if (Source.HasListeners())
        {
            var tags = Tags(Process, exchange, task.MessageId, task.ReplyTo, bodySize: null);
            activity = Source.CreateActivity($"{Process} {exchange}", ActivityKind.Consumer, parent, tags);
        }

        if (activity is null)
        {
            activity = new Activity(PlainName).SetIdFormat(ActivityIdFormat.W3C);
            if (parent != default)
            {
                activity.SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags);
                activity.TraceStateString = parent.TraceState;
            }
        }

        activity.Start();
        MakeCurrent(before);
        return activity;
    }

    /// <summary>Ends the activity of a task at its host. The caller's current activity stays current.</summary>
    /// <param name="activity">The activity.</param>
    /// <param name="outcome">How the task ended; one of <see cref="TaskOutcome"/>, or null if it goes back to the broker.</param>
    /// <param name="error">The exception of a task that faulted; null for any other.</param>
    public static void EndProcess(Activity activity, string? outcome, Exception? error)
    {
        if (activity.IsAllDataRequested)
        {
            activity.SetTag(TinyWorkerMeter.Outcome, OutcomeOf(outcome));
            if (error is not null) activity.SetTag(TinyWorkerMeter.ErrorType, TinyWorkerMeter.ErrorTypeOf(error));
            else if (outcome is TaskOutcome.Refused or TaskOutcome.Expired) activity.SetTag(TinyWorkerMeter.ErrorType, outcome);
            if (outcome is TaskOutcome.Fault or TaskOutcome.Refused or TaskOutcome.Expired)
            {
                // The text is user code: one that throws keeps no task from its end.
                activity.SetStatus(ActivityStatusCode.Error, error is null ? outcome : NestedText.MessageOf(error));
            }
        }

        Stop(activity);
    }

    private static string OutcomeOf(string? outcome) => outcome switch
    {
        null => "returned",
        TaskOutcome.Ok => "succeeded",
        TaskOutcome.Fault => "faulted",
        TaskOutcome.Cancelled => "canceled",
        _ => outcome,
    };

    private static List<KeyValuePair<string, object?>> Tags(
        string operation, string exchange, string? taskId, string? replyQueue, int? bodySize)
    {
        var tags = new List<KeyValuePair<string, object?>>(7)
        {
            new(System, Rabbit), new(OperationType, operation), new(OperationName, operation), new(Destination, exchange),
        };
        if (taskId is not null) tags.Add(new(MessageId, taskId));
        if (replyQueue is not null) tags.Add(new(RoutingKey, replyQueue));
        if (bodySize is not null) tags.Add(new(BodySize, bodySize));
        return tags;
    }

    // Starting and stopping an activity changes the current one.
    private static void Stop(Activity activity)
    {
        var before = Activity.Current;
        try
        {
            activity.Stop();
        }
        catch (Exception)
        {
            // A listener is user code. This is called between two steps of a task, and where the broker's answers are read: one that throws
            // would leave tasks without their end, and there is nowhere to report it.
        }
        finally
        {
            MakeCurrent(before == activity ? activity.Parent : before);
        }
    }

    // One that has ended cannot be current.
    private static void MakeCurrent(Activity? activity) => Activity.Current = activity is { IsStopped: true } ? null : activity;

    private static ActivitySource MakeSource()
    {
        var source = new ActivitySource(SourceName, LibraryVersion.Text);
        Plugins.BeforeUnload(source.Dispose);
        return source;
    }
}
