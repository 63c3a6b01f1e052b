using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace TinyWorker.Hosting;

/// <summary>
/// Starts and stops the troupes with their host. They are ready before any service of the application starts, and are drained when all of
/// them have stopped: so a server's requests in flight get their answers, whatever the order of the services. Where no calls of
/// <see cref="IHostedLifecycleService"/> come, <see cref="StartAsync"/> and <see cref="StopAsync"/> do the same.
/// </summary>
/// <remarks>
/// The way down: stopping starts the patience; at its end, or when the host's token fires, every troupe is explained in the log and
/// aborted; stopped drains the troupes, the last that was registered first. Each of these happens once, however often and in whatever order the host
/// calls; later callers wait for the first.
/// </remarks>
#pragma warning disable CA1001 // The source of the patience has no timer and no wait handle, so there is nothing to dispose.
internal sealed class TroupeLifetime(
    IServiceProvider services, TroupeRegistry registry, MadeTroupes made, IOptions<HostOptions> host, IOptions<TinyTroupeHostOptions> own)
    : IHostedLifecycleService
#pragma warning restore CA1001
{
    private readonly ILogger _logger = services.GetService<ILoggerFactory>()?.CreateLogger(Log.Category) ?? NullLogger.Instance;
    private readonly TimeProvider _clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _patience = new();   // fires at the end of the patience
    private Task? _start;          // set once, by whichever call of the host comes first
    private ITimer? _timer;        // set once, when the host begins to stop; the drain disposes it
    private ShutdownPlan _plan;    // set with it
    private Task? _drain;          // set once, after it
    private bool _hasLifecycle;    // from the first StoppingAsync on
    private int _hasEnded;         // 1 from the end of the patience on
    private readonly List<CancellationTokenRegistration> _cutShort = [];   // guarded by the lock; the drain gives them up

    public Task StartingAsync(CancellationToken cancellationToken) => StartOnceAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => StartOnceAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _hasLifecycle, true);
        BeginToStop();
        // From now on: another service may wait for a task while it stops, however long its token has fired.
        var registration = cancellationToken.UnsafeRegister(static me => ((TroupeLifetime)me!).EndPatience(isCutShort: true), this);
        lock (_lock) _cutShort.Add(registration);
        return Task.CompletedTask;
    }

    // After a StoppingAsync there comes a StoppedAsync, when the other services have stopped.
    public Task StopAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _hasLifecycle) ? Task.CompletedTask : StoppedAsync(cancellationToken);

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        BeginToStop();
        Task drain;
        lock (_lock) drain = _drain ??= DrainAsync();
        await using var registration = cancellationToken.UnsafeRegister(
            static me => ((TroupeLifetime)me!).EndPatience(isCutShort: true), this);
        await drain;
    }

    /// <summary>The container is disposed. A host that was not stopped has the same patience as one that is.</summary>
    public async Task DrainAtDisposalAsync()
    {
        Task? before;
        lock (_lock) before = _drain;
        if (before is null) await StoppedAsync(CancellationToken.None);
        else await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);   // whoever stopped the host was told
    }

    /// <summary>The same without the shared pool, but for the end of the patience.</summary>
    public void DrainAtDisposal()
    {
        BeginToStop();
        List<Exception> faults = [];
        foreach (var each in made.All.Reverse())
        {
            try
            {
                ((IDisposable)each.Troupe).Dispose();   // a TinyTroupe can be disposed without the shared pool
            }
            catch (Exception e)
            {
                faults.Add(e);
            }
        }

        _timer!.Dispose();
        Throw(faults);
    }

    private Task StartOnceAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return _start ??= StartTroupesAsync(cancellationToken);
    }

    private async Task StartTroupesAsync(CancellationToken cancellationToken)
    {
        await LeaveTheLock();
        // Everything is checked before anything is made.
        var settings = ReadSettings();
        ShutdownPlan.Check(
            host.Value.ShutdownTimeout, own.Value.ShutdownReserve,
            settings.Select(each => (each.Registration.Name, each.Settings.CancellationGrace)));
        var names = string.Join(", ", registry.Registrations.Select(each => each.Name));
        foreach (var stray in SettingsFromConfiguration.Strays(services, registry)) Log.StraySection(_logger, stray, names);

        List<Task> waits = [];
        try
        {
            foreach (var each in settings)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var troupe = each.Registration.In(services);
                if (each.Settings.WaitUntilReady) waits.Add(troupe.WhenReadyAsync(cancellationToken));
            }

            await foreach (var wait in Task.WhenEach(waits)) await wait;   // the first that fails ends the start
            services.GetRequiredService<DrainAtDisposal>().Lifetime = this;
        }
        catch (Exception)
        {
            await UndoStartAsync(waits);
            throw;
        }
    }

    private List<(TroupeRegistration Registration, TinyTroupeSettings Settings)> ReadSettings()
    {
        List<(TroupeRegistration, TinyTroupeSettings)> settings = [];
        List<OptionsValidationException> refusals = [];
        foreach (var each in registry.Registrations)
        {
            try
            {
                settings.Add((each, each.SettingsIn(services)));
            }
            catch (OptionsValidationException e)
            {
                refusals.Add(e);   // the mistakes of all troupes are said at once
            }
        }

        if (refusals.Count == 1) ExceptionDispatchInfo.Throw(refusals[0]);
        if (refusals.Count == 0) return settings;
        throw new OptionsValidationException(
            refusals[0].OptionsName, typeof(TinyTroupeSettings), refusals.SelectMany(static each => each.Failures));
    }

    // Nobody stops a host that has not started. They have no task of the application yet, so they are aborted.
    private async Task UndoStartAsync(List<Task> waits)
    {
        var troupes = made.All;
        foreach (var each in troupes) each.Troupe.Abort();
        foreach (var each in troupes.Reverse()) await EndAsync(each.Troupe, faults: null);
        // They have ended with their troupes; nobody else looks at their exceptions.
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void BeginToStop()
    {
        lock (_lock)
        {
            if (_timer is not null) return;
            made.IsStopping = true;
            _plan = ShutdownPlan.Make(host.Value.ShutdownTimeout, own.Value.ShutdownReserve, made.All.Select(each => each.Grace));
            _timer = _clock.CreateTimer(
                static me => ((TroupeLifetime)me!).EndPatience(isCutShort: false), this, _plan.Patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void EndPatience(bool isCutShort)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0) return;
        var troupes = made.All;
        var left = isCutShort ? "was cut short" : $"is running out, {_plan.Reserve} before its end";
        foreach (var each in troupes) Explain(each.Troupe, left);   // before the first abort, which changes what the others wait for
        foreach (var each in troupes) each.Troupe.Abort();
        _patience.Cancel();   // for what is made from now on
    }

    private void Explain(ITroupe troupe, string left)
    {
        try
        {
            var explanation = troupe.Explain();
            if (explanation.Snapshot.Waiting + explanation.Snapshot.Running > 0)
                Log.AbortedWithTasks(_logger, troupe.Name, left, explanation.ToString());
            else
                Log.AbortedIdle(_logger, troupe.Name, left, explanation.Text);
        }
        catch (Exception e)
        {
            Report(() => Log.ExplainFailed(_logger, troupe.Name, e));   // a logger threw: the troupes are aborted all the same
        }
    }

    private async Task DrainAsync()
    {
        await LeaveTheLock();
        List<Exception> faults = [];
        HashSet<MadeTroupe> drained = [];
        do
        {
            foreach (var each in made.All.Reverse())
            {
                if (drained.Add(each)) await EndAsync(each.Troupe, faults);
            }
        }
        while (!made.TryClose(drained));   // a last request may have made a troupe

        await _timer!.DisposeAsync();
        lock (_lock) _cutShort.ForEach(static each => each.Unregister());
        Throw(faults);
    }

    private static void Throw(List<Exception> faults)
    {
        if (faults.Count == 1) ExceptionDispatchInfo.Throw(faults[0]);
        if (faults.Count > 1) throw new AggregateException(faults);
    }

    private async Task EndAsync(ITroupe troupe, List<Exception>? faults)
    {
        try
        {
            await troupe.StopAsync(_patience.Token);
            Report(() => Log.Stopped(_logger, troupe.Name));
        }
        catch (Exception e)
        {
            Report(() => Log.StopFailed(_logger, troupe.Name, e));
            faults?.Add(e);
        }
    }

    private static void Report(Action log)
    {
        try
        {
            log();
        }
        catch (Exception)
        {
            // A logger that throws keeps no troupe from its end.
        }
    }

    // What follows calls the container and the user's code, which must not be under our lock.
    private static ConfiguredTaskAwaitable LeaveTheLock() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
