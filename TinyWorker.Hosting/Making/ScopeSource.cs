using Microsoft.Extensions.DependencyInjection;

namespace TinyWorker.Hosting;

/// <summary>Makes the scopes of a troupe. Thread-safe.</summary>
internal sealed class ScopeSource(string troupe, IServiceProvider services)
{
    private readonly IServiceScopeFactory _scopes = services.GetRequiredService<IServiceScopeFactory>();

    /// <summary>A scope in which a <see cref="WorkerInfo"/> can be injected.</summary>
    /// <exception cref="ObjectDisposedException">The container is being disposed, and makes no scopes any more.</exception>
    public AsyncServiceScope Open(WorkerInfo info)
    {
        AsyncServiceScope scope;
        try
        {
            scope = _scopes.CreateAsyncScope();
        }
        catch (ObjectDisposedException e)
        {
            throw new ObjectDisposedException(
                $"The services of the application are disposed already, so '{troupe}' cannot open a scope. Stop the host first, which " +
                "drains its troupes; without a host, dispose the troupes before the container.",
                e);
        }

        scope.ServiceProvider.GetRequiredService<WorkerOfScope>().Info = info;
        return scope;
    }
}

/// <summary>Which worker a scope belongs to. One for each scope; set before anything else is made in it.</summary>
internal sealed class WorkerOfScope
{
    public WorkerInfo? Info { get; set; }

    public WorkerInfo Required => Info ?? throw new InvalidOperationException(
        "A WorkerInfo can be injected only into what the container makes for a worker of a troupe: into the worker, into its scoped and " +
        "transient services, and in the scope of a task. This is another scope, or that of a singleton.");
}
