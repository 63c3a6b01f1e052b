using Microsoft.Extensions.Diagnostics.HealthChecks;
using TinyWorker;
using TinyWorker.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds troupes to the services of an application.</summary>
public static class TinyTroupeServiceCollectionExtensions
{
    /// <summary>A troupe whose workers the container makes, each in a scope of its own, which ends with the worker.</summary>
    public static IServiceCollection AddTinyTroupe<TIn, TOut, TWorker>(
        this IServiceCollection services, string name, Action<TinyTroupeSettings>? configure = null)
        where TWorker : class, ITinyWorker<TIn, TOut> => throw new NotImplementedException();

    /// <summary>A troupe whose workers apply an asynchronous function, with a scope for each task.</summary>
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TIn, CancellationToken, Task<TOut>> function,
        Action<TinyTroupeSettings>? configure = null) => throw new NotImplementedException();

    /// <summary>A troupe whose workers apply a function, with a scope for each task.</summary>
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TIn, CancellationToken, TOut> function,
        Action<TinyTroupeSettings>? configure = null) => throw new NotImplementedException();

    /// <summary>A troupe made by hand, with the options as configured.</summary>
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TinyTroupeOptions, TinyTroupe<TIn, TOut>> make,
        Action<TinyTroupeSettings>? configure = null) => throw new NotImplementedException();

    /// <summary>A health check of all troupes of the application, for readiness.</summary>
    public static IHealthChecksBuilder AddTinyTroupes(
        this IHealthChecksBuilder builder, string name = "troupes", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        throw new NotImplementedException();
}
