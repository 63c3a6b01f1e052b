using Microsoft.Extensions.Logging;

namespace TinyWorker.Diagnostics;

/// <summary>Every message that a troupe logs.</summary>
internal static partial class Log
{
    public const int WorkerDisposeFailedId = 4;
    public const int CallbackFaultedId = 6;

    [LoggerMessage(1, LogLevel.Debug, "{Troupe}: worker {Index} is ready (restart {Restarts}).")]
    public static partial void WorkerReady(ILogger logger, string troupe, int index, int restarts);

    [LoggerMessage(2, LogLevel.Error, "{Troupe}: worker {Index} could not be made (try {Tries} of {Of}).")]
    public static partial void WorkerStartFailed(ILogger logger, string troupe, int index, int tries, int of, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Troupe}: worker {Index} did not stop within {Grace} of being asked and was given up.")]
    public static partial void WorkerAbandoned(ILogger logger, string troupe, int index, TimeSpan grace);

    [LoggerMessage(WorkerDisposeFailedId, LogLevel.Error, "{Troupe}: the disposal of worker {Index} threw; it is ignored.")]
    public static partial void WorkerDisposeFailed(ILogger logger, string troupe, int index, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "{Troupe}: a task on worker {Index} passed its time of {Timeout} and was asked to stop.")]
    public static partial void TaskTimedOut(ILogger logger, string troupe, int index, TimeSpan timeout);

    [LoggerMessage(CallbackFaultedId, LogLevel.Error, "{Troupe}: a callback of a future threw.")]
    public static partial void CallbackFaulted(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(7, LogLevel.Information, "{Worker}: {Line}")]
    public static partial void WorkerOutput(ILogger logger, string worker, string line);

    [LoggerMessage(8, LogLevel.Warning, "{Worker}: {Line}")]
    public static partial void WorkerErrorOutput(ILogger logger, string worker, string line);

    [LoggerMessage(9, LogLevel.Warning, "{Worker}: the process {ProcessId} is gone ({How}).")]
    public static partial void ProcessLost(ILogger logger, string worker, int processId, string how);

    [LoggerMessage(10, LogLevel.Error, "{Worker}: the worker process could not be replaced (try {Tries} of {Of}).")]
    public static partial void ReplacementFailed(ILogger logger, string worker, int tries, int of, Exception exception);

    [LoggerMessage(11, LogLevel.Warning, "{Troupe}: worker {Index} did not stop within {Grace} of being asked and is killed.")]
    public static partial void WorkerKilled(ILogger logger, string troupe, int index, TimeSpan grace);

    [LoggerMessage(12, LogLevel.Information, "{Troupe}: worker {Index} is replaced because it was {Reason} (restart {Restarts}).")]
    public static partial void WorkerReplaced(ILogger logger, string troupe, int index, string reason, int restarts);

    [LoggerMessage(13, LogLevel.Error, "{Troupe}: a listener to the metrics or the activities threw; it is ignored.")]
    public static partial void ListenerFaulted(ILogger logger, string troupe, Exception exception);
}
