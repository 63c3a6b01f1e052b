using System.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The library's activity source. While somebody listens to it each task has a span, which begins when the task is accepted and ends with
/// it. That is current in the task; where nobody samples it, the submitter's own activity is.
/// </summary>
internal static class TinyWorkerActivity
{
    public const string TaskName = "TinyWorker.Task";
    public const string RunName = "TinyWorker.Run";   // the same task in its worker process, for who listens there
    public const string Started = "started";
    public const string Worker = "tinyworker.worker.index";
    public const string Attempts = "tinyworker.attempts";

    public static readonly ActivitySource Source = new("TinyWorker", LibraryVersion.Text);

    /// <summary>Makes it current for the rest of this execution context's run. One that has ended cannot be: a child in its trace stands in.</summary>
    public static void Enter(Activity activity)
    {
        if (!activity.IsStopped) Activity.Current = activity;
        // It may have ended meanwhile: then it was not set.
        if (Activity.Current != activity) new Activity(activity.OperationName).SetParentId(activity.Id!).Start();
    }

    /// <summary>Begins the span of a task. Null if nobody wants it. What is current here stays so.</summary>
    public static Activity? StartTask(string troupe, Activity? parent)
    {
        if (!Source.HasListeners()) return null;
        KeyValuePair<string, object?>[] tags = [new(TinyWorkerMeter.Troupe, troupe)];
        Activity? task = null;
        LeavingCurrent(() =>
        {
            // One that has ended cannot be current; its children know it by its id.
            var isOver = parent is { IsStopped: true };
            Activity.Current = isOver ? null : parent;
            task = Source.StartActivity(TaskName, ActivityKind.Internal, isOver ? parent!.Id : null, tags);
        });
        if (task is not null) task.DisplayName = "task " + troupe;
        return task;
    }

    /// <summary>Its worker begins it.</summary>
    public static void BeginTask(Activity task, int worker) =>
        task.SetTag(Worker, worker).SetTag(Attempts, 1).AddEvent(new ActivityEvent(Started));

    /// <summary>It is tried again. Does nothing to a submitter's own activity.</summary>
    public static void TryAgain(Activity? task, int attempt)
    {
        if (task?.Source == Source) task.SetTag(Attempts, attempt);
    }

    /// <summary>Ends the span. What is current here stays so.</summary>
    public static void EndTask(Activity task, Failure? failure) => LeavingCurrent(() =>
    {
        task.SetTag(TinyWorkerMeter.Outcome, TinyWorkerMeter.OutcomeOf(failure));
        if (failure is { IsCancellation: false, Exception: var exception })
        {
            task.SetStatus(ActivityStatusCode.Error, exception.Message);
            task.SetTag(TinyWorkerMeter.ErrorType, TinyWorkerMeter.ErrorTypeOf(exception));
            task.AddException(exception);
        }

        task.Stop();
    });

    // To start or stop an activity sets the current one, and one that was current and has ended could not be set again.
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
