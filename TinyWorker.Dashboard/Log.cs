using Microsoft.Extensions.Logging;

namespace TinyWorker.Dashboard;

/// <summary>Every message that a dashboard logs.</summary>
internal static partial class Log
{
    [LoggerMessage(
        1, LogLevel.Warning,
        "The dashboard at '{Pattern}' refuses everybody (403), because no authorization was evaluated. Write " +
        "app.MapTinyTroupes(...).RequireAuthorization(), with app.UseAuthorization() before it, or .AllowAnonymous() if everybody may " +
        "see it. Without either only a developer at this machine may, and {Why}. This is logged once.")]
    public static partial void NobodyIsAuthorized(ILogger logger, string pattern, string why);

    [LoggerMessage(2, LogLevel.Information, "The dashboard: {User} asked for {Action} of the troupe '{Troupe}' ({Of}); answer: {Status}.")]
    public static partial void Controlled(ILogger logger, string user, string action, string troupe, string of, int status);

    [LoggerMessage(3, LogLevel.Error, "The dashboard: the Filter of the options threw for the troupe '{Troupe}', which is not shown.")]
    public static partial void FilterFaulted(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(
        5, LogLevel.Error,
        "The dashboard: a look at the troupe '{Troupe}' failed. The page shows it as it was before, if it was seen before. This is " +
        "logged once, until a look succeeds.")]
    public static partial void LookAtTroupeFailed(ILogger logger, string troupe, Exception exception);

    [LoggerMessage(4, LogLevel.Error, "The dashboard: a look at the troupes failed. The next one follows.")]
    public static partial void LookFailed(ILogger logger, Exception exception);
}
