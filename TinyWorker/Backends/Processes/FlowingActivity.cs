using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>An activity on its way to a child, where one of the same name and baggage, and with its id as the parent's, stands in for it.</summary>
internal static class FlowingActivity
{
    // The name comes last: it may have any characters in it.
    public static string Describe(Activity activity) =>
        $"{activity.Id}\n{activity.TraceStateString}\n{string.Join(',', activity.Baggage.Select(Describe))}\n{activity.OperationName}";

    /// <summary>Starts the one that stands in: a span of its own, if somebody in this process wants it. It is current until it is stopped.</summary>
    public static Activity Start(string description)
    {
        var parts = description.Split('\n', 4);
        var activity = TinyWorkerActivity.Source.CreateActivity(TinyWorkerActivity.RunName, ActivityKind.Internal, parts[0])
            ?? new Activity(parts[3]).SetParentId(parts[0]);
        if (parts[1].Length > 0) activity.TraceStateString = parts[1];
        // The newest comes first, there and here.
        foreach (var item in parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            var (key, value) = item.Split('=') is [var before, var behind] ? (before, Uri.UnescapeDataString(behind)) : (item, null);
            activity.AddBaggage(Uri.UnescapeDataString(key), value);
        }

        return activity.Start();
    }

    private static string Describe(KeyValuePair<string, string?> item) =>
        Uri.EscapeDataString(item.Key) + (item.Value is null ? "" : "=" + Uri.EscapeDataString(item.Value));
}
