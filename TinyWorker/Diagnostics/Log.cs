using Microsoft.Extensions.Logging;

namespace TinyWorker.Diagnostics;

/// <summary>Every message that a troupe logs.</summary>
internal static partial class Log
{
    public const int CallbackFaultedId = 6;
    public const int FaultUnobservedId = 30;

    [LoggerMessage(1, LogLevel.Debug, "{Troupe}: worker {Index} is ready (restart {Restarts}).")]
    public static partial void WorkerReady(ILogger logger, string troupe, int index, int restarts);

    [LoggerMessage(2, LogLevel.Error, "{Troupe}: worker {Index} could not be made (try {Tries} of {Of}).")]
    public static partial void WorkerStartFailed(ILogger logger, string troupe, int index, int tries, int of, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Troupe}: worker {Index} was asked to stop, did not stop within {Grace}, and was abandoned.")]
    public static partial void WorkerAbandoned(ILogger logger, string troupe, int index, TimeSpan grace);

    [LoggerMessage(4, LogLevel.Error, "{Troupe}: the disposal of worker {Index} threw.")]
    public static partial void WorkerDisposeFailed(ILogger logger, string troupe, int index, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "{Troupe}: a task on worker {Index} passed its {Option} of {Timeout} and was asked to stop.")]
    public static partial void TaskTimedOut(ILogger logger, string troupe, int index, string option, TimeSpan timeout);

    [LoggerMessage(CallbackFaultedId, LogLevel.Error, "{Troupe}: a callback of a future threw.")]
    public static partial void CallbackFaulted(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(7, LogLevel.Information, "{Worker}: {Line}")]
    public static partial void WorkerOutput(ILogger logger, string worker, string line);

    [LoggerMessage(8, LogLevel.Warning, "{Worker}: {Line}")]
    public static partial void WorkerErrorOutput(ILogger logger, string worker, string line);

    [LoggerMessage(9, LogLevel.Warning, "{Worker}: the process {ProcessId} is gone ({How}).")]
    public static partial void ProcessLost(ILogger logger, string worker, int processId, string how);

    [LoggerMessage(10, LogLevel.Error, "{Troupe}: worker {Index} could not be made (try {Tries}); the next try follows.")]
    public static partial void ReplacementFailed(ILogger logger, string troupe, int index, int tries, Exception exception);

    [LoggerMessage(11, LogLevel.Warning, "{Troupe}: worker {Index} was asked to stop, did not stop within {Grace}, and is killed.")]
    public static partial void WorkerKilled(ILogger logger, string troupe, int index, TimeSpan grace);

    [LoggerMessage(12, LogLevel.Information, "{Troupe}: worker {Index} is replaced because it was {Reason} (restart {Restarts}).")]
    public static partial void WorkerReplaced(ILogger logger, string troupe, int index, string reason, int restarts);

    [LoggerMessage(13, LogLevel.Error, "{Troupe}: a listener to the metrics or the activities threw; the exception is ignored.")]
    public static partial void ListenerFaulted(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(20, LogLevel.Error, "{Troupe}: the TimeProvider of the options threw; the system's clock does its work.")]
    public static partial void ClockFaulted(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(21, LogLevel.Error, "{Troupe}: {Option} of the options threw, and counts as false.")]
    public static partial void PredicateFaulted(ILogger logger, string troupe, string option, Exception exception);

    [LoggerMessage(
        22, LogLevel.Warning, "{Troupe}: worker {Index} was asked to stop, did not stop within {Grace}, and hangs. It stays in its place.")]
    public static partial void WorkerHangs(ILogger logger, string troupe, int index, TimeSpan grace);

    [LoggerMessage(23, LogLevel.Information, "{Troupe}: worker {Index}, which hung, has come back.")]
    public static partial void WorkerCameBack(ILogger logger, string troupe, int index);

    [LoggerMessage(24, LogLevel.Error, "{Troupe}: no worker lives, and none could be made within {Patience}. Tasks fault until one can.")]
    public static partial void TroupeDown(ILogger logger, string troupe, TimeSpan patience);

    [LoggerMessage(25, LogLevel.Information, "{Troupe}: a worker lives again, and takes tasks.")]
    public static partial void TroupeUp(ILogger logger, string troupe);

    [LoggerMessage(
        26, LogLevel.Warning,
        "{Troupe}: nobody holds the troupe any more, and it was not disposed. It ends when the tasks that it has accepted have.")]
    public static partial void TroupeDropped(ILogger logger, string troupe);

    [LoggerMessage(31, LogLevel.Warning, "{Troupe}: a task on worker {Index} passed its Deadline of {Deadline} and was asked to stop.")]
    public static partial void TaskPassedDeadline(ILogger logger, string troupe, int index, TimeSpan deadline);

    [LoggerMessage(
        40, LogLevel.Debug, "{Troupe}: worker {Index} is being made, because tasks wait and no worker is free ({Count} of {Most}).")]
    public static partial void WorkerAdded(ILogger logger, string troupe, int index, int count, int most);

    [LoggerMessage(41, LogLevel.Debug, "{Troupe}: worker {Index} has left, because {Reason}.")]
    public static partial void WorkerLeft(ILogger logger, string troupe, int index, string reason);

    [LoggerMessage(42, LogLevel.Information, "{Troupe}: resized from {Before} to {Workers} workers at the most.")]
    public static partial void Resized(ILogger logger, string troupe, int before, int workers);

    [LoggerMessage(FaultUnobservedId, LogLevel.Warning, "{Troupe}: a task faulted, and nobody has looked at its future.")]
    public static partial void FaultUnobserved(ILogger logger, string troupe, Exception exception);
}
