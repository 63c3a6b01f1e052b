using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Hosting;

/// <summary>A troupe of which the user's own code makes it.</summary>
internal class TroupeRegistration<TIn, TOut>(
    string name, TroupeBackend defaultBackend, Func<IServiceProvider, TinyTroupeOptions, TinyTroupe<TIn, TOut>> make)
    : LocalRegistration(
        name, [typeof(TIn), typeof(TOut)], [typeof(TinyTroupe<TIn, TOut>), typeof(ITinyTroupe<TIn, TOut>)], defaultBackend)
{
    public override bool IsMadeByHand => true;

    public override object In(IServiceProvider services) => services.GetRequiredKeyedService<TinyTroupe<TIn, TOut>>(Name);

    /// <summary>Called by the container, once for each container.</summary>
    public TinyTroupe<TIn, TOut> Make(IServiceProvider services)
    {
        using var making = Making.OfTroupe(this);
        var options = OptionsIn(services);
        var made = services.GetRequiredService<MadeTroupes>();
        made.RefuseIfClosed(Name);
        TinyTroupe<TIn, TOut> troupe;
        try
        {
            troupe = make(services, options);
        }
        catch (ArgumentException e) when (e.ParamName == "options" && IsOfTheCore(e, options))   // so the constructors of TinyTroupe call it
        {
            throw OptionsOfSettings.Refused(Name, options.GetType(), e);
        }

        if (troupe is null || troupe.Name != Name)
        {
            troupe?.Abort();   // it has no task yet; its workers end
            throw new InvalidOperationException(
                $"The function that makes the troupe '{Name}' returned {(troupe is null ? "null" : $"a troupe called '{troupe.Name}'")}. " +
                $"It must hand on the options that it is given: (services, options) => new TinyTroupe{Types}(..., options).");
        }

        made.Add(this, new MadeTroupe(troupe, options.CancellationGrace));
        return troupe;
    }

    // The function that makes a troupe by hand calls other code, too, and that may have a parameter of the same name.
    private bool IsOfTheCore(ArgumentException refusal, TinyTroupeOptions options) =>
        !IsMadeByHand || refusal.Message.StartsWith($"{options.GetType().Name}.", StringComparison.Ordinal);
}

/// <summary>A troupe of functions, with a scope for each task.</summary>
internal sealed class FunctionRegistration<TIn, TOut>(
    string name, TroupeBackend defaultBackend, Func<IServiceProvider, TIn, CancellationToken, Task<TOut>> call)
    : TroupeRegistration<TIn, TOut>(name, defaultBackend, (services, options) =>
    {
        var scopes = new ScopeSource(name, services);
        // To the core these are workers of a factory, which tells each its WorkerInfo. But they own nothing, so a hung one is replaced.
        return new TinyTroupe<TIn, TOut>(
            info => new ScopedFunctionWorker<TIn, TOut>(scopes, info, call),
            options with { ReplaceHungWorkers = options.ReplaceHungWorkers ?? true });
    })
{
    public override bool IsMadeByHand => false;
}

/// <summary>A troupe of a worker class, with a scope for each worker.</summary>
internal sealed class ClassRegistration<TIn, TOut, TWorker>(string name)
    : TroupeRegistration<TIn, TOut>(name, TroupeBackend.Threads, (services, options) =>
    {
        var scopes = new ScopeSource(name, services);
        var registration = services.GetRequiredService<TroupeRegistry>().Find(TroupeSection.RootName, name)!;
        return new TinyTroupe<TIn, TOut>(info => ScopedWorker<TIn, TOut>.Make<TWorker>(scopes, info, registration), options);
    })
    where TWorker : class, ITinyWorker<TIn, TOut>
{
    public override bool IsMadeByHand => false;

    protected override void Check(IServiceProvider services)
    {
        var registry = services.GetRequiredService<TroupeRegistry>();
        var descriptor = registry.DescriptorOf(typeof(TWorker));
        if (descriptor?.Lifetime == ServiceLifetime.Singleton)
        {
            throw new InvalidOperationException(
                $"The worker class {typeof(TWorker).Name} of the troupe '{Name}' is a singleton of the container: all workers would be " +
                "one object, called by several at a time. Add it as scoped or transient, or do not add it at all: the troupe makes it.");
        }

        if (descriptor is { ImplementationFactory: not null }) return;
        var type = descriptor?.ImplementationType ?? typeof(TWorker);
        if (type.IsGenericTypeDefinition) type = type.MakeGenericType(typeof(TWorker).GetGenericArguments());
        var constructors = type.GetConstructors();
        // The container itself does not look at the attribute.
        if (descriptor is null && Array.Find(constructors, each => each.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute), false))
            is { } chosen) constructors = [chosen];
        var taken = constructors.SelectMany(each => each.GetParameters()).FirstOrDefault(each => TakesOwnTroupe(each, registry));
        if (taken is not null) throw Making.TakesItself(this, $"the parameter '{taken.Name}' of {typeof(TWorker).Name}");
    }

    private bool TakesOwnTroupe(System.Reflection.ParameterInfo parameter, TroupeRegistry registry)
    {
        var type = parameter.ParameterType;
        if (type != typeof(TinyTroupe<TIn, TOut>) && type != typeof(ITinyTroupe<TIn, TOut>)) return false;
        var keys = parameter.GetCustomAttributes(typeof(FromKeyedServicesAttribute), inherit: true);
        return keys.Length == 0 ? registry.Of(type).Count == 1 : Name.Equals(((FromKeyedServicesAttribute)keys[0]).Key);
    }
}
