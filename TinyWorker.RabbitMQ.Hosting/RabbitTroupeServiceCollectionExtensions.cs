using Microsoft.Extensions.DependencyInjection.Extensions;
using TinyWorker;
using TinyWorker.Hosting;
using TinyWorker.RabbitMQ;
using TinyWorker.RabbitMQ.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Adds the sides of troupes on a broker to the services of an application. They start and stop with its host, as local troupes do, and
/// <c>AddHealthChecks().AddTinyTroupes()</c> shows them.
/// </summary>
/// <remarks>Not thread-safe, as every change of a service collection.</remarks>
public static class RabbitTroupeServiceCollectionExtensions
{
    /// <summary>
    /// The submitting side of a troupe whose workers are elsewhere: a keyed singleton by its name, as
    /// <see cref="RabbitTroupe{TIn, TOut}"/> and as <see cref="ITinyTroupe{TIn, TOut}"/>, and without a key while no other troupe has the
    /// same types.
    /// </summary>
    /// <remarks>
    /// The host makes it and waits until it is connected before its services start (unless <see cref="RabbitSettings.WaitUntilReady"/> is
    /// false), and drains it when its services have stopped. The section <c>RabbitTroupes:{name}</c> of the configuration wins over what the
    /// code says; see <see cref="RabbitTroupeSettings"/>. A broker that refuses for good fails the start with a
    /// <see cref="RabbitTopologyException"/>, one that cannot be reached with a <see cref="BrokerUnavailableException"/>.
    /// </remarks>
    /// <typeparam name="TIn">What a task takes.</typeparam>
    /// <typeparam name="TOut">What a task returns.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The name of the troupe that the hosts serve, its key, and its section in the configuration; without a
    /// colon.</param>
    /// <param name="configure">Changes the settings; the configuration wins over it. Null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">The services or the name are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or was used before.</exception>
    public static IServiceCollection AddRabbitTroupe<TIn, TOut>(
        this IServiceCollection services, string name, Action<RabbitTroupeSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        TroupeRegistry.CheckName(TroupeRegistry.In(services), RabbitTroupeSection.RootName, name);
        var registry = TroupeServices.RegistryIn(services);
        TroupeServices.AddSettings(services, RabbitTroupeSection.Instance);
        var registration = new RabbitTroupeRegistration<TIn, TOut>(name);
        registry.Add(registration);
        if (configure is not null) services.Configure(name, configure);
        services.AddKeyedSingleton(name, (provider, _) => registration.Make(provider));
        services.AddKeyedSingleton<ITinyTroupe<TIn, TOut>>(
            name, (provider, _) => (ITinyTroupe<TIn, TOut>)registry.Named(name, typeof(ITinyTroupe<TIn, TOut>)).In(provider));
        services.TryAddSingleton(provider => (RabbitTroupe<TIn, TOut>)registry.TheOnly(typeof(RabbitTroupe<TIn, TOut>)).In(provider));
        services.TryAddSingleton(provider => (ITinyTroupe<TIn, TOut>)registry.TheOnly(typeof(ITinyTroupe<TIn, TOut>)).In(provider));
        return services;
    }

    /// <summary>
    /// The working side of a troupe on a broker: takes its tasks and has the local troupe run them that
    /// <c>AddTinyTroupe</c> adds under the same name, before or after.
    /// </summary>
    /// <remarks>
    /// It takes tasks once the services of the application have started, and the start waits for that (unless
    /// <see cref="RabbitSettings.WaitUntilReady"/> is false). It takes no more as soon as the host begins to stop (if the application submits
    /// to the troupe itself, once its services have stopped), and has ended before the local troupe is drained: what runs may end within
    /// <see cref="RabbitHostSettings.DrainTimeout"/>; the rest goes back to the broker. The section <c>RabbitTroupeHosts:{name}</c> of the
    /// configuration wins over what the code says; see <see cref="RabbitHostSettings"/>. Without a local troupe of that name and these types
    /// the start fails with an <see cref="InvalidOperationException"/>.
    /// </remarks>
    /// <typeparam name="TIn">What a task takes.</typeparam>
    /// <typeparam name="TOut">What a task returns.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <param name="name">The name of the local troupe, and the section in the configuration.</param>
    /// <param name="configure">Changes the settings; the configuration wins over it. Null for none.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException">The services or the name are null.</exception>
    /// <exception cref="ArgumentException">The name is empty, has a colon, or has a host already.</exception>
    public static IServiceCollection AddRabbitTroupeHost<TIn, TOut>(
        this IServiceCollection services, string name, Action<RabbitHostSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        TroupeRegistry.CheckName(TroupeRegistry.In(services), RabbitHostSection.RootName, name);
        var registry = TroupeServices.RegistryIn(services);
        TroupeServices.AddSettings(services, RabbitHostSection.Instance);
        var registration = new RabbitHostRegistration<TIn, TOut>(name);
        registry.Add(registration);
        if (configure is not null) services.Configure(name, configure);
        services.AddKeyedSingleton(name, (provider, _) => registration.Make(provider));
        return services;
    }
}
