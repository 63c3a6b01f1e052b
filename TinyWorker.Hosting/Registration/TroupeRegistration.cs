using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>
/// Something that was added to the services and lives with the host: a troupe, or one side of a troupe elsewhere. Immutable.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="root">The section of the configuration that has its own.</param>
/// <param name="types">The types of its tasks.</param>
/// <param name="services">As what it can be injected.</param>
internal abstract class TroupeRegistration(string name, string root, IReadOnlyList<Type> types, IReadOnlyList<Type> services)
{
    public string Name { get; } = name;

    /// <summary>The section of the configuration that has its own.</summary>
    public string Root { get; } = root;

    /// <summary>As what it can be injected.</summary>
    public IReadOnlyList<Type> Services { get; } = services;

    /// <summary>Its name as in the data of the health check.</summary>
    public virtual string Label => Name;

    /// <summary>Whether it begins only once the services of the application have started.</summary>
    public virtual bool StartsLate => false;

    /// <summary>The types of its tasks, as in an error: <c>&lt;string, int&gt;</c>.</summary>
    public string Types => $"<{string.Join(", ", types.Select(type => type.Name))}>";

    /// <summary>The path of one of its settings, or of its section.</summary>
    public string Path(string? setting = null) => SettingsPath.Of(Root, Name, setting);

    /// <summary>Reads and checks the settings. Makes nothing.</summary>
    /// <exception cref="OptionsValidationException">A setting cannot be.</exception>
    /// <exception cref="InvalidOperationException">It cannot be made as it was added.</exception>
    public abstract StartPlan PlanIn(IServiceProvider services);

    /// <summary>What it is in a container; it is made if it was not yet.</summary>
    public abstract object In(IServiceProvider services);
}

/// <summary>What the start has to know of something that it will make.</summary>
/// <param name="WaitUntilReady">Whether the start waits for it.</param>
/// <param name="Grace">How long what is aborted may go on.</param>
/// <param name="Drain">How long it waits for its tasks when the host stops, if that was said.</param>
internal readonly record struct StartPlan(bool WaitUntilReady, TimeSpan Grace, TimeSpan? Drain = null);

/// <summary>A local troupe that was added to the services: its name and types, and how it is made. Immutable.</summary>
internal abstract class LocalRegistration(string name, Type[] types, Type[] services, TroupeBackend defaultBackend)
    : TroupeRegistration(name, TroupeSection.RootName, types, services)
{
    /// <summary>Whether the user's own code makes it, as worker processes need.</summary>
    public abstract bool IsMadeByHand { get; }

    /// <summary>The back-end that the settings lead to; Default only where the troupe is made by hand.</summary>
    public TroupeBackend BackendOf(TinyTroupeSettings settings) =>
        settings.Backend == TroupeBackend.Default ? defaultBackend : settings.Backend;

    public override StartPlan PlanIn(IServiceProvider services)
    {
        var settings = SettingsIn(services);
        return new StartPlan(settings.WaitUntilReady, settings.CancellationGrace);
    }

    /// <summary>Throws if the workers cannot be made as they were added.</summary>
    protected virtual void Check(IServiceProvider services)
    {
    }

    protected TinyTroupeOptions OptionsIn(IServiceProvider services) => OptionsOfSettings.Make(
        SettingsIn(services), Name, BackendOf(SettingsIn(services)), services.GetService<ILoggerFactory>(),
        services.GetService<TimeProvider>() ?? TimeProvider.System);

    private TinyTroupeSettings SettingsIn(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IOptionsMonitor<TinyTroupeSettings>>().Get(Name);
        if (settings.Backend == TroupeBackend.Processes && !IsMadeByHand)
        {
            throw new InvalidOperationException(
                $"The troupe '{Name}' has the back-end Processes, and its workers need the container, which cannot travel to another " +
                $"process. Add it with the overload that makes the troupe by hand: AddTinyTroupe{Types}(\"{Name}\", (services, options) " +
                $"=> new TinyTroupe{Types}(..., options)), whose function or factory takes nothing of the container along; or choose " +
                $"another back-end at {Path(nameof(TinyTroupeSettings.Backend))}.");
        }

        Check(services);
        return settings;
    }
}
