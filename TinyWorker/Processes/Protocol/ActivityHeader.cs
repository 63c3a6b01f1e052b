using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// An activity in the form in which it is sent to a child. The child starts another with the same name and baggage, whose parent it is.
/// </summary>
internal static class ActivityHeader
{
    // The name comes last: it may contain any characters.
    public static string Describe(Activity activity) =>
        $"{activity.Id}\n{activity.TraceStateString}\n{string.Join(',', activity.Baggage.Select(Describe))}\n{activity.OperationName}";

    /// <summary>The activity in the child, which is not started yet. Throws what a listener throws.</summary>
    /// <param name="description">What <see cref="Describe(Activity)"/> gave.</param>
    /// <param name="mayBeOwn">Whether it is the library's own span, if somebody listens to that.</param>
    public static Activity Make(string description, bool mayBeOwn = true)
    {
        var parts = description.Split('\n', 4);
        var own = mayBeOwn ? TinyWorkerActivity.Source.CreateActivity(TinyWorkerActivity.RunName, ActivityKind.Internal, parts[0]) : null;
        var activity = own ?? new Activity(parts[3]).SetParentId(parts[0]);
        if (parts[1].Length > 0) activity.TraceStateString = parts[1];
        // Baggage lists the newest item first.
        foreach (var item in parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            var (key, value) = item.Split('=') is [var before, var behind] ? (before, Uri.UnescapeDataString(behind)) : (item, null);
            activity.AddBaggage(Uri.UnescapeDataString(key), value);
        }

        return activity;
    }

    private static string Describe(KeyValuePair<string, string?> item) =>
        Uri.EscapeDataString(item.Key) + (item.Value is null ? "" : "=" + Uri.EscapeDataString(item.Value));
}
