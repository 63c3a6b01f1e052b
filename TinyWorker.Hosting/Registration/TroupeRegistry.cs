using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Hosting;

/// <summary>
/// The troupes that were added to a collection of services, in that order. Filled while the application is configured, by one thread; read
/// only afterwards. Several containers may be built from one collection: what belongs to a container is in <see cref="MadeTroupes"/>.
/// </summary>
internal sealed class TroupeRegistry(IServiceCollection services)
{
    private readonly List<TroupeRegistration> _registrations = [];

    public IReadOnlyList<TroupeRegistration> Registrations => _registrations;

    /// <summary>The registry of a collection, if a troupe was added to it.</summary>
    public static TroupeRegistry? In(IServiceCollection services) =>
        services.FirstOrDefault(each => !each.IsKeyedService && each.ServiceType == typeof(TroupeRegistry))?.ImplementationInstance
            as TroupeRegistry;

    /// <exception cref="ArgumentException">The name cannot be.</exception>
    public static void CheckName(TroupeRegistry? registry, string root, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The name '{name}' has a colon, which separates the parts of a path in the configuration. Write a dot or a hyphen.",
                nameof(name));
        }

        if (registry?.Find(root, name) is not { } other) return;
        throw new ArgumentException(
            other.Name == name
                ? $"A troupe with the name '{name}' was added already. Give each troupe a name of its own."
                : $"A troupe with the name '{other.Name}' was added already, and the configuration does not tell it from '{name}': its " +
                    "keys have no case. Give each troupe a name of its own.",
            nameof(name));
    }

    public void Add(TroupeRegistration registration) => _registrations.Add(registration);

    /// <summary>By the section that has its own, and its name, without regard to case, as in the configuration.</summary>
    public TroupeRegistration? Find(string root, string name) =>
        _registrations.Find(each => each.Root == root && each.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Those that can be injected as this type.</summary>
    public IReadOnlyList<TroupeRegistration> Of(Type service) => [.. _registrations.Where(each => each.Services.Contains(service))];

    /// <summary>The one that can be injected as this type under this name: a local troupe and one elsewhere may share it.</summary>
    /// <exception cref="InvalidOperationException">There are several.</exception>
    public TroupeRegistration Named(string name, Type service)
    {
        var all = Of(service).Where(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (all.Count == 1) return all[0];
        throw new InvalidOperationException(
            $"There are {all.Count} troupes with the name '{name}' and the types {all[0].Types}, here and elsewhere. Say which is meant: " +
            $"[FromKeyedServices(\"{name}\")] {string.Join(" or ", all.Select(each => NameOf(each.Services[0]) + each.Types))}.");
    }

    /// <summary>The one whose tasks have these types; for who asks the container without a key.</summary>
    /// <exception cref="InvalidOperationException">There are several.</exception>
    public TroupeRegistration TheOnly(Type service)
    {
        var all = Of(service);
        if (all.Count == 1) return all[0];
        throw new InvalidOperationException(
            $"There are {all.Count} troupes with the types {all[0].Types}: {string.Join(", ", all.Select(each => $"'{each.Name}'"))}. " +
            $"Say which is meant: [FromKeyedServices(\"{all[0].Name}\")] {NameOf(service)}{all[0].Types}.");
    }

    /// <summary>How a worker class was added to the services by the application itself; null if it was not.</summary>
    public ServiceDescriptor? DescriptorOf(Type worker) =>
        Last(worker) ?? (worker.IsConstructedGenericType ? Last(worker.GetGenericTypeDefinition()) : null);

    private static string NameOf(Type service) => service.Name.Split('`')[0];

    private ServiceDescriptor? Last(Type type) => services.LastOrDefault(each => !each.IsKeyedService && each.ServiceType == type);
}
