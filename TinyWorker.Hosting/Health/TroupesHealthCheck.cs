using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace TinyWorker.Hosting;

/// <summary>Whether the troupes of the application can serve; for readiness.</summary>
internal sealed class TroupesHealthCheck(TroupeRegistry? registry, MadeTroupes? made, IHostApplicationLifetime? application) : IHealthCheck
{
    public static TroupesHealthCheck In(IServiceProvider services) => new(
        services.GetService<TroupeRegistry>(), services.GetService<MadeTroupes>(), services.GetService<IHostApplicationLifetime>());

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var worst = HealthStatus.Healthy;
        List<string> sentences = [];
        Dictionary<string, object> data = [];
        if (made is { IsStopping: true } || application is { ApplicationStopping.IsCancellationRequested: true })
            Note(context.Registration.FailureStatus, "The host is stopping.");
        foreach (var registration in registry?.Registrations ?? [])
        {
            var found = made?.Find(registration);
            var health = found?.Health() ?? new PartHealth("NotMade", Problem(registration.Name, condition: null, hasBeenReady: false));
            data[registration.Label] = health.State;
            if (health.Broker is not null) data[registration.Label + ": broker"] = health.Broker;
            if (health.Problem is not { } problem) continue;
            Note(problem.IsFailure ? context.Registration.FailureStatus : HealthStatus.Degraded, problem.Sentence);
        }

        var description = sentences.Count > 0 ? string.Join(" ", sentences)
            : data.Count == 0 ? "There are no troupes." : data.Count == 1 ? "The troupe works." : $"All {data.Count} troupes work.";
        return Task.FromResult(new HealthCheckResult(worst, description, exception: null, data));

        void Note(HealthStatus status, string sentence)
        {
            if (status < worst) worst = status;   // Unhealthy is the least
            sentences.Add(sentence);
        }
    }

    /// <summary>What is wrong with a troupe; null if it can serve. Null for a condition stands for a troupe that was not made.</summary>
    internal static (bool IsFailure, string Sentence)? Problem(string name, TroupeCondition? condition, bool hasBeenReady) =>
        condition switch
        {
            null => (true, $"'{name}' has not been made yet."),
            // Its only worker crashed a moment ago, or an elastic troupe makes its first again: what is submitted waits for that.
            TroupeCondition.Starting when hasBeenReady => (false, $"'{name}' has no worker at the moment: one is being made."),
            TroupeCondition.Starting => (true, $"'{name}' has no worker that is ready yet."),
            TroupeCondition.Broken => (true, $"'{name}' is broken: a worker could not be made."),
            TroupeCondition.Down => (true, $"'{name}' is down: no worker lives, and none could be made again."),
            TroupeCondition.Stopped => (true, $"'{name}' has stopped."),
            TroupeCondition.Degraded => (false, $"'{name}' is degraded: some workers could not be replaced."),
            TroupeCondition.Hung => (false, $"'{name}' has tasks that did not stop when they were asked to."),
            // Somebody meant it, and it does not help to send the requests elsewhere: the others may be paused, too.
            TroupeCondition.Paused => (false, $"'{name}' is paused."),
            _ => null,   // Saturated as well: a full troupe works as fast as it can
        };
}
