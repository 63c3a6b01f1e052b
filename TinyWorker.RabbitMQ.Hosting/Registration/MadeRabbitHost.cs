using Microsoft.Extensions.Logging;
using Nito.AsyncEx.Synchronous;
using TinyWorker.Hosting;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>A host of a container, of whatever types.</summary>
internal interface IMadeHost
{
    /// <summary>The name of the troupe that it serves.</summary>
    string Troupe { get; }
}

/// <summary>
/// A host of a container. It owns the run of the <see cref="RabbitTroupeHost{TIn, TOut}"/>: begun when the services of the application have
/// started, and ended before the local troupe is.
/// </summary>
internal sealed class MadeRabbitHost<TIn, TOut>(
    RabbitTroupeHost<TIn, TOut> host, TinyTroupe<TIn, TOut> troupe, RabbitHostOptions options, bool isSubmittedToHere, ILogger logger)
    : MadePart(troupe.Name + " (host)", TimeSpan.Zero), IMadeHost, IAsyncDisposable, IDisposable
{
    // A connection that is made again is not worth a word.
    private static readonly TimeSpan WhileThatIsNothing = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task? _run;          // guarded by the lock; set once, if it begins before it is to stop
    private bool _isStopping;    // guarded by the lock; from the first stop on
    private bool _wasReady;      // guarded by the lock; from the first look on that saw it take tasks
    private long? _lostSince;    // guarded by the lock; since which look there is no connection

    public string Troupe => troupe.Name;

    public override bool EndsBefore(MadePart other) => other is MadeTroupe local && ReferenceEquals(local.Troupe, troupe);

    public override void Begin()
    {
        lock (_lock)
        {
            if (_isStopping || _run is not null) return;
            _run = RunAsync();
        }
    }

    public override Task WhenReadyAsync(CancellationToken cancellationToken) => host.WhenReadyAsync(cancellationToken);

    // It takes no more tasks from now on: the other hosts do. But if this application itself waits for tasks of the troupe, which other
    // hosts may not serve, then this one goes on until the application's services have stopped.
    public override void BeginToStop()
    {
        if (!isSubmittedToHere) _ = StopOnceAsync(CancellationToken.None);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await StopOnceAsync(cancellationToken).ConfigureAwait(false);
        Task? run;
        lock (_lock) run = _run;
        if (run is not null) await run.ConfigureAwait(false);
    }

    public override void Abort() => _ = StopOnceAsync(new CancellationToken(canceled: true));

#pragma warning disable RS0030 // A container that is disposed synchronously has no other way, and a host can only be awaited.
    public override void Dispose() => Task.Run(() => StopAsync(CancellationToken.None)).WaitAndUnwrapException();
#pragma warning restore RS0030

    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    public override PartExplanation Explain()
    {
        var now = host.Snapshot();
        var text = now.Unacknowledged == 0
            ? $"The host of '{Troupe}' has no task of its broker."
            : $"The host of '{Troupe}' has {now.Unacknowledged} deliveries that are not acknowledged: they go back to the broker, and " +
                "another host gets them.";
        return new PartExplanation(now.Unacknowledged > 0, text, text);
    }

    public override PartHealth Health()
    {
        var now = host.Snapshot();
        return new PartHealth(
            now.Connection.ToString(), Problem(now), $"{now.Connection}, {now.Endpoint ?? options.Broker.ToString()}");
    }

    private (bool IsFailure, string Sentence)? Problem(RabbitHostSnapshot now)
    {
        lock (_lock)
        {
            _wasReady |= now.IsConsuming;
            if (now.Connection is not (RabbitConnectionState.Down or RabbitConnectionState.Connecting)) _lostSince = null;
            else _lostSince ??= options.TimeProvider.GetTimestamp();
            return now.Connection switch
            {
                RabbitConnectionState.Failed => (true, $"The host of '{Troupe}' is refused by its broker for good: the log says why."),
                RabbitConnectionState.Closed => (true, $"The host of '{Troupe}' has stopped."),
                _ when _isStopping => (true, $"The host of '{Troupe}' is stopping."),
                _ when !_wasReady => (true, $"The host of '{Troupe}' takes no tasks yet."),
                RabbitConnectionState.Blocked =>
                    (false, $"The host of '{Troupe}' cannot answer: its broker is short of memory or disk space."),
                RabbitConnectionState.Ready => now.IsConsuming ? null : (false, $"The host of '{Troupe}' takes no tasks at the moment."),
                _ => options.TimeProvider.GetElapsedTime(_lostSince!.Value) < WhileThatIsNothing
                    ? null : (false, $"The host of '{Troupe}' has no connection to its broker."),
            };
        }
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // out of the lock
        try
        {
            await host.RunAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It was stopped before it had begun.
        }
        catch (Exception e)
        {
            Log.HostFailed(logger, Troupe, e);   // the start and the health check tell it as well
        }
    }

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        lock (_lock) _isStopping = true;
        await host.StopAsync(cancellationToken).ConfigureAwait(false);   // all who call it wait for the one end
    }
}
