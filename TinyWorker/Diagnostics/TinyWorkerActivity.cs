using System.Diagnostics;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The library's activity source. While somebody listens to it, each task has a span, which begins when the task is accepted and ends when
/// the task ends. The span is the current activity in the task. If nobody samples the span, the submitter's own activity is.
/// </summary>
internal static class TinyWorkerActivity
{
    public const string TaskName = "TinyWorker.Task";
    public const string RunName = "TinyWorker.Run";   // the same task in its worker process, for listeners there
    public const string Started = "started";
    public const string Worker = "tinyworker.worker.index";
    public const string Attempts = "tinyworker.attempts";

    public static readonly ActivitySource Source = MakeSource();

    private static ActivitySource MakeSource()
    {
        var source = new ActivitySource("TinyWorker", LibraryVersion.Text);
        Plugins.BeforeUnload(source.Dispose);
        return source;
    }

    /// <summary>
    /// Makes the activity current for the rest of this execution context's run. An activity that has ended cannot be current: a child of it
    /// takes its place.
    /// </summary>
    public static void Enter(Activity activity)
    {
        if (!activity.IsStopped) Activity.Current = activity;
        // The activity may have ended meanwhile: then it was not set.
        if (Activity.Current != activity) new Activity(activity.OperationName).SetParentId(activity.Id!).Start();
    }

    /// <summary>Begins the span of a task. Null if nobody wants one. The caller's current activity stays current.</summary>
    public static Activity? StartTask(string troupe, Activity? parent)
    {
        if (!Source.HasListeners()) return null;
        KeyValuePair<string, object?>[] tags = [new(TinyWorkerMeter.Troupe, troupe)];
        Activity? task = null;
        LeavingCurrent(() =>
        {
            // A parent that has ended cannot be current; the span names it by its id.
            var isOver = parent is { IsStopped: true };
            Activity.Current = isOver ? null : parent;
            task = Source.StartActivity(TaskName, ActivityKind.Internal, isOver ? parent!.Id : null, tags);
        });
        if (task is not null) task.DisplayName = "task " + troupe;
        return task;
    }

    /// <summary>A worker starts the task.</summary>
    public static void BeginTask(Activity task, int worker, int attempt) =>
        task.SetTag(Worker, worker).SetTag(Attempts, attempt).AddEvent(new ActivityEvent(Started));

    /// <summary>Ends the span. The caller's current activity stays current.</summary>
    /// <param name="task">The span.</param>
    /// <param name="outcome">How the task ended.</param>
    /// <param name="error">The exception of a task that faulted; null for any other.</param>
    public static void EndTask(Activity task, TinyFutureStatus outcome, Exception? error) => LeavingCurrent(() =>
    {
        task.SetTag(TinyWorkerMeter.Outcome, TinyWorkerMeter.OutcomeOf(outcome));
        if (error is not null)
        {
            // The texts are user code: one that throws keeps no task from its end.
            var message = NestedText.MessageOf(error);
            task.SetStatus(ActivityStatusCode.Error, message);
            task.SetTag(TinyWorkerMeter.ErrorType, TinyWorkerMeter.ErrorTypeOf(error));
            var stackTrace = NestedText.Of(error, static error => error.ToString());
            task.AddException(error, new TagList { { "exception.message", message }, { "exception.stacktrace", stackTrace } });
        }

        task.Stop();
    });

    // Starting or stopping an activity changes the current one. If the current one has ended, it could not be set again: so the whole
    // execution context is restored.
    private static void LeavingCurrent(Action step)
    {
        var isSuppressed = ExecutionContext.IsFlowSuppressed();
        if (isSuppressed) ExecutionContext.RestoreFlow();
        var context = ExecutionContext.Capture()!;
        try
        {
            step();
        }
        finally
        {
            ExecutionContext.Restore(context);
            if (isSuppressed) ExecutionContext.SuppressFlow();
        }
    }
}
