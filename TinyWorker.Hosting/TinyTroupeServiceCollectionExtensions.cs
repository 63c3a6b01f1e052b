using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Nito.AsyncEx;
using TinyWorker;
using TinyWorker.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Adds troupes to the services of an application. Each is a keyed singleton by its name, as <see cref="ITinyTroupe{TIn, TOut}"/> and as
/// <see cref="TinyTroupe{TIn, TOut}"/>, and can be had without a key while no other troupe has the same types. The host makes all of them
/// before its services start, and drains them when its services have stopped. The section <c>TinyTroupes:{name}</c> of the configuration
/// wins over what the code says; see <see cref="TinyTroupeSettings"/>.
/// </summary>
/// <remarks>Not thread-safe, as every change of a service collection.</remarks>
public static class TinyTroupeServiceCollectionExtensions
{
    /// <summary>
    /// A troupe whose workers the container makes, each in a scope of its own, which ends with the worker. By default on threads.
    /// </summary>
    /// <remarks>
    /// The worker class need not be added to the services; if it is, it must be scoped or transient. It may take its
    /// <see cref="WorkerInfo"/>, but not its own troupe. If a worker cannot be made, the host's start fails with a
    /// <see cref="WorkerStartException"/>, unless <see cref="TinyTroupeSettings.WaitUntilReady"/> is false. With the back-end
    /// <see cref="TroupeBackend.Processes"/> the start fails with an <see cref="InvalidOperationException"/>: the container cannot travel.
    /// </remarks>
    /// <typeparam name="TIn">What a task takes.</typeparam>
    /// <typeparam name="TOut">What a task returns.</typeparam>
    /// <typeparam name="TWorker">The worker class.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The troupe's name, its key, and its section in the configuration; without a colon.</param>
    /// <param name="configure">Changes the settings; the configuration wins over it. Null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">The services or the name are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or was used before, or TOut is a task.</exception>
    public static IServiceCollection AddTinyTroupe<TIn, TOut, TWorker>(
        this IServiceCollection services, string name, Action<TinyTroupeSettings>? configure = null)
        where TWorker : class, ITinyWorker<TIn, TOut> =>
        Add(services, name, configure, () => new ClassRegistration<TIn, TOut, TWorker>(name));

    /// <summary>
    /// A troupe whose workers apply an asynchronous function, with a scope of the container for each task. By default on the pool.
    /// </summary>
    /// <remarks>
    /// The scope ends before the task does; what its disposal throws faults the task, unless the function threw. A <see cref="WorkerInfo"/>
    /// can be had from the scope.
    /// </remarks>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The troupe's name, its key, and its section in the configuration; without a colon.</param>
    /// <param name="function">What the workers do, with the services of the scope; called by several workers at a time.</param>
    /// <param name="configure">Changes the settings; the configuration wins over it. Null for none.</param>
    /// <inheritdoc cref="AddTinyTroupe{TIn, TOut, TWorker}" path="/typeparam[@name='TIn' or @name='TOut']"/>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">The services, the name or the function are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or was used before, or TOut is a task.</exception>
    // Before the synchronous one: where the types are inferred, an asynchronous lambda would else be a synchronous one that returns a task.
    [OverloadResolutionPriority(1)]
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TIn, CancellationToken, Task<TOut>> function,
        Action<TinyTroupeSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Add(services, name, configure, () => new FunctionRegistration<TIn, TOut>(name, TroupeBackend.Pool, function));
    }

    /// <summary>
    /// A troupe whose workers apply a function, with a scope of the container for each task. By default on threads.
    /// </summary>
    /// <exception cref="ArgumentNullException">The services, the name or the function are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or was used before, or the function returns a task.</exception>
    /// <inheritdoc cref="AddTinyTroupe{TIn, TOut}(IServiceCollection, string, Func{IServiceProvider, TIn, CancellationToken, Task{TOut}}, Action{TinyTroupeSettings}?)"/>
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TIn, CancellationToken, TOut> function,
        Action<TinyTroupeSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        PlainResult.Refuse(function.Method.ReturnType, $"the method '{function.Method.Name}'", nameof(function));
        return Add(services, name, configure, () => new FunctionRegistration<TIn, TOut>(
            name, TroupeBackend.Threads,
            (scope, input, token) => Task.FromResult(
                // As the core calls synchronous code: on a worker's thread, code that blocks on its own asynchronous code would wait for itself.
                PlainResult.Checked(SynchronizationContextSwitcher.NoContext(() => function(scope, input, token))))));
    }

    /// <summary>
    /// A troupe made by hand, with the options as configured: for worker processes, whose functions cannot take the container along, and
    /// for whatever else the other overloads do not make.
    /// </summary>
    /// <remarks>
    /// The options are those of the configured back-end (<see cref="ProcessTroupeOptions"/> and so on), with the name, the logger factory
    /// and the clock. The function must hand them on, also if it changes some with <c>with</c>. The container owns the troupe.
    /// </remarks>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The troupe's name, its key, and its section in the configuration; without a colon.</param>
    /// <param name="make">Makes the troupe; called once for each container.</param>
    /// <param name="configure">Changes the settings; the configuration wins over it. Null for none.</param>
    /// <inheritdoc cref="AddTinyTroupe{TIn, TOut, TWorker}" path="/typeparam[@name='TIn' or @name='TOut']"/>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">The services, the name or the function are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or was used before, or TOut is a task.</exception>
    public static IServiceCollection AddTinyTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Func<IServiceProvider, TinyTroupeOptions, TinyTroupe<TIn, TOut>> make,
        Action<TinyTroupeSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        return Add(services, name, configure, () => new TroupeRegistration<TIn, TOut>(name, TroupeBackend.Default, make));
    }

    /// <summary>
    /// A health check of all troupes of the application. For readiness, not for liveness: a restart of the program mends none of this.
    /// </summary>
    /// <remarks>
    /// A troupe that has not been ready yet, is broken, down or stopped, and a host that is stopping, have the failure status. A troupe that
    /// is degraded, hung or paused, or whose workers are all being replaced, is <see cref="HealthStatus.Degraded"/>. All others are healthy,
    /// saturated ones as well. The data has the condition of each troupe by its name.
    /// </remarks>
    /// <param name="builder">The health checks of the application.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">The status of a failure; null, the default, for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The tags of the check; null, the default, for <c>ready</c> and <c>tinyworker</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">The builder or the name are null.</exception>
    public static IHealthChecksBuilder AddTinyTroupes(
        this IHealthChecksBuilder builder, string name = "troupes", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(name, TroupesHealthCheck.In, failureStatus, tags ?? ["ready", "tinyworker"]));
    }

    private static IServiceCollection Add<TIn, TOut>(
        IServiceCollection services, string name, Action<TinyTroupeSettings>? configure, Func<TroupeRegistration<TIn, TOut>> make)
    {
        ArgumentNullException.ThrowIfNull(services);
        PlainResult.Refuse(typeof(TOut), "TOut", nameof(TOut));
        TroupeRegistry.CheckName(TroupeRegistry.In(services), TroupeSection.RootName, name);
        var registry = TroupeServices.RegistryIn(services);
        TroupeServices.AddSettings(services, TroupeSection.Instance);
        var registration = make();
        registry.Add(registration);
        if (configure is not null) services.Configure(name, configure);
        services.AddKeyedSingleton(name, (provider, _) => registration.Make(provider));
        services.AddKeyedSingleton<ITinyTroupe<TIn, TOut>>(
            name, (provider, _) => (ITinyTroupe<TIn, TOut>)registry.Named(name, typeof(ITinyTroupe<TIn, TOut>)).In(provider));
        services.TryAddSingleton(provider => (TinyTroupe<TIn, TOut>)registry.TheOnly(typeof(TinyTroupe<TIn, TOut>)).In(provider));
        services.TryAddSingleton(provider => (ITinyTroupe<TIn, TOut>)registry.TheOnly(typeof(ITinyTroupe<TIn, TOut>)).In(provider));
        return services;
    }
}
