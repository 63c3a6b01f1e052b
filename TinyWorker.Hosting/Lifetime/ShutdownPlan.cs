using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>How the time that the host has to stop is divided.</summary>
/// <param name="Patience">How long tasks may go on; infinite if the host waits for ever.</param>
/// <param name="Reserve">How much is left then for the end of what is aborted.</param>
internal readonly record struct ShutdownPlan(TimeSpan Patience, TimeSpan Reserve)
{
    private static readonly TimeSpan BesidesGrace = TimeSpan.FromSeconds(1);

    public static ShutdownPlan Make(TimeSpan shutdownTimeout, TimeSpan shutdownReserve, IEnumerable<TimeSpan> graces)
    {
        if (shutdownTimeout == Timeout.InfiniteTimeSpan) return new(Timeout.InfiniteTimeSpan, TimeSpan.Zero);
        var half = shutdownTimeout / 2;
        var reserve = shutdownReserve;
        foreach (var grace in graces)
        {
            // Compared so that no sum overflows.
            if (grace == Timeout.InfiniteTimeSpan || grace >= half) reserve = half;
            else if (reserve < grace + BesidesGrace) reserve = grace + BesidesGrace;
        }

        if (reserve > half) reserve = half;
        return new(shutdownTimeout - reserve, reserve);
    }

    /// <summary>Throws if what is aborted at the end of the patience could go on longer than the host waits.</summary>
    /// <exception cref="OptionsValidationException">A grace is too long.</exception>
    public static void Check(TimeSpan shutdownTimeout, TimeSpan shutdownReserve, IEnumerable<(string Troupe, TimeSpan Grace)> graces)
    {
        if (shutdownReserve < TimeSpan.Zero)
        {
            throw new OptionsValidationException(
                nameof(TinyTroupeHostOptions), typeof(TinyTroupeHostOptions),
                [$"TinyTroupeHostOptions.ShutdownReserve is {shutdownReserve}, and must be zero or more."]);
        }

        if (shutdownTimeout == Timeout.InfiniteTimeSpan) return;
        List<string> problems =
        [
            .. from each in graces
            where each.Grace != TimeSpan.Zero && (each.Grace == Timeout.InfiniteTimeSpan || each.Grace >= shutdownTimeout / 2)
            select $"{SettingsFromConfiguration.Path(each.Troupe, nameof(TinyTroupeSettings.CancellationGrace))} is " +
                $"{(each.Grace == Timeout.InfiniteTimeSpan ? "infinite" : each.Grace)}, and must be less than half of " +
                $"HostOptions.ShutdownTimeout, which is {shutdownTimeout}: else tasks that are aborted when the host stops could outlive " +
                "it. Make the grace shorter or the ShutdownTimeout longer.",
        ];
        if (problems.Count > 0) throw new OptionsValidationException(problems[0], typeof(TinyTroupeSettings), problems);
    }
}
