using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TinyWorker.Hosting;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>A submitting side that was added to the services. Immutable.</summary>
internal sealed class RabbitTroupeRegistration<TIn, TOut>(string name) : TroupeRegistration(
    name, RabbitTroupeSection.RootName, [typeof(TIn), typeof(TOut)], [typeof(RabbitTroupe<TIn, TOut>), typeof(ITinyTroupe<TIn, TOut>)])
{
    // A local troupe of the application may have the same name.
    public override string Label => Name + " (remote)";

    public override StartPlan PlanIn(IServiceProvider services)
    {
        var settings = SettingsIn(services);
        return new StartPlan(settings.WaitUntilReady, settings.CancellationGrace);
    }

    public override object In(IServiceProvider services) => services.GetRequiredKeyedService<RabbitTroupe<TIn, TOut>>(Name);

    /// <summary>Called by the container, once for each container.</summary>
    public RabbitTroupe<TIn, TOut> Make(IServiceProvider services)
    {
        var options = OptionsOfRabbitSettings.Make(SettingsIn(services), services);
        var made = services.GetRequiredService<MadeTroupes>();
        made.RefuseIfClosed(Name);
        RabbitTroupe<TIn, TOut> troupe;
        try
        {
            troupe = new RabbitTroupe<TIn, TOut>(Name, options);
        }
        catch (ArgumentException e) when (e.ParamName == "options")   // so its constructor calls it
        {
            throw OptionsOfRabbitSettings.Refused(this, RabbitTroupeSection.Instance, typeof(RabbitTroupeOptions), e);
        }

        made.Add(this, new MadeRabbitTroupe(troupe, () => troupe.Broker, options));
        return troupe;
    }

    private RabbitTroupeSettings SettingsIn(IServiceProvider services) =>
        services.GetRequiredService<IOptionsMonitor<RabbitTroupeSettings>>().Get(Name);
}

/// <summary>A submitting side of a container.</summary>
internal sealed class MadeRabbitTroupe(ITroupe troupe, Func<RabbitTroupeSnapshot> snapshot, RabbitTroupeOptions options)
    : MadeTroupe(troupe, options.CancellationGrace)
{
    // Its host may be in this process, too: it must not go before its tasks have ended.
    public override bool EndsBefore(MadePart other) => other is IMadeHost host && host.Troupe == Troupe.Name;

    public override PartHealth Health()
    {
        var condition = Troupe.Snapshot().Condition;
        var broker = snapshot();
        var text = $"{broker.Connection}, {broker.Endpoint ?? options.Broker.ToString()}";
        var problem = condition switch
        {
            TroupeCondition.Broken => (true, $"'{Name}' is refused by its broker for good: the log says why."),
            TroupeCondition.Down => (true, $"'{Name}' is down: its broker cannot be reached, and tasks fault."),
            TroupeCondition.Degraded => (false, $"'{Name}' has no connection to its broker at the moment: tasks wait."),
            TroupeCondition.Starting when HasBeenReady => (false, $"'{Name}' has no connection to its broker at the moment: tasks wait."),
            TroupeCondition.Starting => (true, $"'{Name}' is not connected to its broker yet."),
            _ => TroupesHealthCheck.Problem(Name, condition, HasBeenReady),
        };
        return new PartHealth(condition.ToString(), problem, text);
    }
}
