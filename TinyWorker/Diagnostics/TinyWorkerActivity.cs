using System.Diagnostics;

namespace TinyWorker.Diagnostics;

/// <summary>The library's activity source. While somebody listens to it, the submitter's current activity is current in the task too.</summary>
internal static class TinyWorkerActivity
{
    public static readonly ActivitySource Source = new("TinyWorker");

    public static Activity? ToFlow() => Source.HasListeners() ? Activity.Current : null;
}
