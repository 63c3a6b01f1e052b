using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TinyWorker.Hosting;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>A host that was added to the services. It serves the local troupe of the same name. Immutable.</summary>
internal sealed class RabbitHostRegistration<TIn, TOut>(string name) : TroupeRegistration(
    name, RabbitHostSection.RootName, [typeof(TIn), typeof(TOut)], [typeof(MadeRabbitHost<TIn, TOut>)])
{
    public override string Label => Name + " (host)";

    public override bool StartsLate => true;

    public override StartPlan PlanIn(IServiceProvider services)
    {
        var registry = services.GetRequiredService<TroupeRegistry>();
        if (registry.Find(TroupeSection.RootName, Name) is not { } local)
        {
            throw new InvalidOperationException(
                $"AddRabbitTroupeHost(\"{Name}\") serves the local troupe of that name, and there is none. Add it, too: " +
                $"AddTinyTroupe{Types}(\"{Name}\", ...).");
        }

        if (local.Name != Name || !local.Services.Contains(typeof(TinyTroupe<TIn, TOut>)))
        {
            throw new InvalidOperationException(
                $"AddRabbitTroupeHost{Types}(\"{Name}\") serves the local troupe of that name, and that is '{local.Name}' with the types " +
                $"{local.Types}. Give both the same name and the same types.");
        }

        var settings = SettingsIn(services);
        return new StartPlan(settings.WaitUntilReady, TimeSpan.Zero, settings.DrainTimeout);
    }

    public override object In(IServiceProvider services) => services.GetRequiredKeyedService<MadeRabbitHost<TIn, TOut>>(Name);

    /// <summary>Called by the container, once for each container.</summary>
    public MadeRabbitHost<TIn, TOut> Make(IServiceProvider services)
    {
        var troupe = services.GetRequiredKeyedService<TinyTroupe<TIn, TOut>>(Name);
        var made = services.GetRequiredService<MadeTroupes>();
        made.RefuseIfClosed(Name);
        var plan = ShutdownPlan.Make(
            services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout,
            services.GetRequiredService<IOptions<TinyTroupeHostOptions>>().Value.ShutdownReserve,
            made.All.Select(static each => each.Grace));
        var options = OptionsOfRabbitSettings.Make(SettingsIn(services), plan.Patience, services);
        RabbitTroupeHost<TIn, TOut> host;
        try
        {
            host = new RabbitTroupeHost<TIn, TOut>(troupe, options);
        }
        catch (ArgumentException e) when (e.ParamName == "options")
        {
            throw OptionsOfRabbitSettings.Refused(this, RabbitHostSection.Instance, typeof(RabbitHostOptions), e);
        }

        var registry = services.GetRequiredService<TroupeRegistry>();
        var part = new MadeRabbitHost<TIn, TOut>(
            host, troupe, options,
            isSubmittedToHere: registry.Find(RabbitTroupeSection.RootName, Name) is not null,
            services.GetService<ILoggerFactory>()?.CreateLogger(Log.Category) ?? NullLogger.Instance);
        made.Add(this, part);
        return part;
    }

    private RabbitHostSettings SettingsIn(IServiceProvider services) =>
        services.GetRequiredService<IOptionsMonitor<RabbitHostSettings>>().Get(Name);
}
