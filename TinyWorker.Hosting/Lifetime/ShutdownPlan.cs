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
    /// <exception cref="OptionsValidationException">A grace or a drain is too long.</exception>
    public static void Check(
        TimeSpan shutdownTimeout, TimeSpan shutdownReserve, IEnumerable<(TroupeRegistration Registration, StartPlan Plan)> parts)
    {
        if (shutdownReserve < TimeSpan.Zero)
        {
            throw new OptionsValidationException(
                nameof(TinyTroupeHostOptions), typeof(TinyTroupeHostOptions),
                [$"TinyTroupeHostOptions.ShutdownReserve is {shutdownReserve}, and must be zero or more."]);
        }

        if (shutdownTimeout == Timeout.InfiniteTimeSpan) return;
        var all = parts.ToList();
        List<string> problems =
        [
            .. from each in all
            let grace = each.Plan.Grace
            where grace != TimeSpan.Zero && (grace == Timeout.InfiniteTimeSpan || grace >= shutdownTimeout / 2)
            select $"{each.Registration.Path(nameof(TinyTroupeSettings.CancellationGrace))} is " +
                $"{(grace == Timeout.InfiniteTimeSpan ? "infinite" : grace)}, and must be less than half of " +
                $"HostOptions.ShutdownTimeout, which is {shutdownTimeout}: else tasks that are aborted when the host stops could outlive " +
                "it. Make the grace shorter or the ShutdownTimeout longer.",
        ];
        var patience = Make(shutdownTimeout, shutdownReserve, all.Select(static each => each.Plan.Grace)).Patience;
        problems.AddRange(
            from each in all
            where each.Plan.Drain > patience
            select $"{each.Registration.Path("DrainTimeout")} is {each.Plan.Drain}, and must be at most {patience}, which is what " +
                $"HostOptions.ShutdownTimeout ({shutdownTimeout}) leaves for tasks that run when the host stops. Make the DrainTimeout " +
                "shorter or the ShutdownTimeout longer, or leave the DrainTimeout out: then it is what there is, 25 seconds at the most.");
        if (problems.Count > 0) throw new OptionsValidationException(problems[0], typeof(TinyTroupeSettings), problems);
    }
}
