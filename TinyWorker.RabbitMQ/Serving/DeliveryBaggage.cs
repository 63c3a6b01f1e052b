using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// How a worker learns of its delivery: as baggage of the task's activity. Activities flow into a troupe and into its worker processes;
/// execution contexts do not.
/// </summary>
internal static class DeliveryBaggage
{
    private const string TaskId = "tinyworker.task.id";
    private const string Attempt = "tinyworker.task.attempt";
    private const string Redelivered = "tinyworker.task.redelivered";

    public static void Write(Activity activity, string taskId, int attempt, bool redelivered) => activity
        .AddBaggage(TaskId, taskId)
        .AddBaggage(Attempt, attempt.ToString(CultureInfo.InvariantCulture))
        .AddBaggage(Redelivered, redelivered ? "1" : "0");

    public static RabbitDelivery? Read()
    {
        if (Activity.Current is not { } activity || activity.GetBaggageItem(TaskId) is not { } taskId) return null;
        return int.TryParse(activity.GetBaggageItem(Attempt), CultureInfo.InvariantCulture, out var attempt)
            ? new RabbitDelivery(taskId, attempt, activity.GetBaggageItem(Redelivered) == "1")
            : null;
    }
}
