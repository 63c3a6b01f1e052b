using System.Diagnostics;

namespace TinyWorker.Diagnostics;

/// <summary>The library's activity source. While somebody listens to it, the submitter's current activity is current in the task too.</summary>
internal static class TinyWorkerActivity
{
    public static readonly ActivitySource Source = new("TinyWorker");

    public static Activity? ToFlow() => Source.HasListeners() ? Activity.Current : null;

    /// <summary>Makes it current for the rest of this execution context's run. One that has ended cannot be: a child in its trace stands in.</summary>
    public static void Enter(Activity activity)
    {
        if (!activity.IsStopped) Activity.Current = activity;
        // It may have ended meanwhile: then it was not set.
        if (Activity.Current != activity) new Activity(activity.OperationName).SetParentId(activity.Id!).Start();
    }
}
