using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>A troupe that was added to the services: its name and types, and how it is made. Immutable.</summary>
internal abstract class TroupeRegistration(string name, Type troupeType, TroupeBackend defaultBackend)
{
    public string Name { get; } = name;

    /// <summary>The closed type <see cref="TinyTroupe{TIn, TOut}"/>.</summary>
    public Type TroupeType { get; } = troupeType;

    /// <summary>Whether the user's own code makes it, as worker processes need.</summary>
    public abstract bool IsMadeByHand { get; }

    /// <summary>The types of its tasks, as in an error: <c>&lt;string, int&gt;</c>.</summary>
    public string Types => $"<{string.Join(", ", TroupeType.GetGenericArguments().Select(type => type.Name))}>";

    /// <summary>The back-end that the settings lead to; Default only where the troupe is made by hand.</summary>
    public TroupeBackend BackendOf(TinyTroupeSettings settings) =>
        settings.Backend == TroupeBackend.Default ? defaultBackend : settings.Backend;

    /// <summary>Reads and checks the settings. Makes nothing.</summary>
    /// <exception cref="OptionsValidationException">A setting cannot be.</exception>
    /// <exception cref="InvalidOperationException">The workers cannot be made as they were added.</exception>
    public TinyTroupeSettings SettingsIn(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IOptionsMonitor<TinyTroupeSettings>>().Get(Name);
        if (settings.Backend == TroupeBackend.Processes && !IsMadeByHand)
        {
            throw new InvalidOperationException(
                $"The troupe '{Name}' has the back-end Processes, and its workers need the container, which cannot travel to another " +
                $"process. Add it with the overload that makes the troupe by hand: AddTinyTroupe{Types}(\"{Name}\", (services, options) " +
                $"=> new TinyTroupe{Types}(..., options)), whose function or factory takes nothing of the container along; or choose " +
                $"another back-end at {SettingsFromConfiguration.Path(Name, nameof(TinyTroupeSettings.Backend))}.");
        }

        Check(services);
        return settings;
    }

    /// <summary>The troupe of a container; it is made if it was not yet.</summary>
    public abstract ITroupe In(IServiceProvider services);

    /// <summary>Throws if the workers cannot be made as they were added.</summary>
    protected virtual void Check(IServiceProvider services)
    {
    }

    protected TinyTroupeOptions OptionsIn(IServiceProvider services) => OptionsOfSettings.Make(
        SettingsIn(services), Name, BackendOf(SettingsIn(services)), services.GetService<ILoggerFactory>(),
        services.GetService<TimeProvider>() ?? TimeProvider.System);
}
