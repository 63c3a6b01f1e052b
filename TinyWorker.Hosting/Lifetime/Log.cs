using Microsoft.Extensions.Logging;

namespace TinyWorker.Hosting;

/// <summary>Every message that the package logs.</summary>
internal static partial class Log
{
    public const string Category = "TinyWorker.Hosting";

    [LoggerMessage(
        101, LogLevel.Warning,
        "The section {Section} of the configuration belongs to no troupe, and changes nothing. There are: {Names}.")]
    public static partial void StraySection(ILogger logger, string section, string names);

    [LoggerMessage(
        102, LogLevel.Warning,
        "{Troupe}: the host's time to stop {Left}; tasks are left, and are aborted. {Explanation}")]
    public static partial void AbortedWithTasks(ILogger logger, string troupe, string left, string explanation);

    [LoggerMessage(
        103, LogLevel.Information, "{Troupe}: the host's time to stop {Left}; no task is left. {Explanation}")]
    public static partial void AbortedIdle(ILogger logger, string troupe, string left, string explanation);

    [LoggerMessage(104, LogLevel.Error, "{Troupe}: the troupe could not be stopped without an error.")]
    public static partial void StopFailed(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(105, LogLevel.Debug, "{Troupe}: the troupe has stopped with its host.")]
    public static partial void Stopped(ILogger logger, string troupe);

    [LoggerMessage(106, LogLevel.Error, "{Troupe}: the state of the troupe could not be explained.")]
    public static partial void ExplainFailed(ILogger logger, string troupe, Exception exception);
}
