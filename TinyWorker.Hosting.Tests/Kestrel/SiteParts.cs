using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>Who was added to the application first, and so is stopped last.</summary>
internal enum SiteKind
{
    /// <summary>A <c>WebApplication</c>, which adds its web host after everything else.</summary>
    WebApplication,

    /// <summary>A host to which the troupes were added before the web host.</summary>
    TroupesFirst,

    /// <summary>A host to which the troupes were added after the web host: they are told to stop before it.</summary>
    WebHostFirst,
}

internal sealed record SiteAnswer(HttpStatusCode Status, string Text, TimeSpan? RetryAfter);

/// <summary>Which requests have come and gone.</summary>
internal sealed class SiteTraffic
{
    /// <summary>Released by each request that comes.</summary>
    public SemaphoreSlim Arrived { get; } = new(0);

    /// <summary>The status code of each request that has gone.</summary>
    public Channel<int> Left { get; } = Channel.CreateUnbounded<int>();
}

/// <summary>Sees whether the host has stopped its services before its ShutdownTimeout was over.</summary>
internal sealed class StopWitness : IHostedLifecycleService
{
    public bool? WasTooLate { get; private set; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Comes after the StopAsync of every service, of the web host among them.
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        WasTooLate = cancellationToken.IsCancellationRequested;
        return Task.CompletedTask;
    }
}

/// <summary>Holds up tasks until it is opened, or until they are cancelled.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public Task PassAsync(CancellationToken cancellationToken) => _open.Task.WaitAsync(cancellationToken);
}
