using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>What all that is added to a collection of services shares: the registry, the lifetime, the settings of each kind.</summary>
internal static class TroupeServices
{
    /// <summary>The registry of the collection; it is added with all that belongs to it if it is missing.</summary>
    public static TroupeRegistry RegistryIn(IServiceCollection services)
    {
        if (TroupeRegistry.In(services) is { } there) return there;
        var registry = new TroupeRegistry(services);
        services.AddSingleton(registry);
        services.AddSingleton<MadeTroupes>();
        services.AddSingleton<DrainAtDisposal>();
        services.AddScoped<WorkerOfScope>();
        services.TryAddScoped(static scope => scope.GetRequiredService<WorkerOfScope>().Required);
        services.AddOptions();
        services.AddSingleton<IHostedService, TroupeLifetime>();
        return registry;
    }

    /// <summary>Has the settings of one kind read from the configuration.</summary>
    public static void AddSettings<TSettings>(IServiceCollection services, SettingsSection<TSettings> section)
        where TSettings : class
    {
        if (services.Any(static each => !each.IsKeyedService && each.ServiceType == typeof(SettingsSection<TSettings>))) return;
        services.AddSingleton(section);
        services.AddSingleton<SettingsFromConfiguration<TSettings>>();
        services.AddSingleton<IStraySections>(Reader);
        services.AddSingleton<IPostConfigureOptions<TSettings>>(Reader);
        services.AddSingleton<IValidateOptions<TSettings>>(Reader);

        static SettingsFromConfiguration<TSettings> Reader(IServiceProvider provider) =>
            provider.GetRequiredService<SettingsFromConfiguration<TSettings>>();
    }
}
