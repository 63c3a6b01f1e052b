using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>An activity on its way to a child, where one of the same name, and with its id as the parent's, stands in for it.</summary>
internal static class FlowingActivity
{
    // The name comes last: it may have any characters in it.
    public static string Describe(Activity activity) => $"{activity.Id}\n{activity.TraceStateString}\n{activity.OperationName}";

    /// <summary>Starts the one that stands in: a span of its own, if somebody in this process wants it. It is current until it is stopped.</summary>
    public static Activity Start(string description)
    {
        var parts = description.Split('\n', 3);
        var activity = TinyWorkerActivity.Source.CreateActivity(TinyWorkerActivity.RunName, ActivityKind.Internal, parts[0])
            ?? new Activity(parts[2]).SetParentId(parts[0]);
        if (parts[1].Length > 0) activity.TraceStateString = parts[1];
        return activity.Start();
    }
}
