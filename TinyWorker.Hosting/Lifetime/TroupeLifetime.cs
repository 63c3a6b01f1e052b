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
    private Task? _begin;          // set once, when the services have started
    private bool _hasStarting;     // from the first StartingAsync on
    private readonly List<MadePart> _late = [];   // what the host waits for once the services have started; set by the start
    private ITimer? _timer;        // set once, when the host begins to stop; the drain disposes it
    private ShutdownPlan _plan;    // set with it
    private Task? _drain;          // set once, after it
    private bool _hasLifecycle;    // from the first StoppingAsync on
    private int _hasEnded;         // 1 from the end of the patience on
    private readonly List<CancellationTokenRegistration> _cutShort = [];   // guarded by the lock; the drain gives them up

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _hasStarting, true);
        return StartOnceAsync(cancellationToken);
    }

    // After a StartingAsync there comes a StartedAsync, when the other services have started.
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await StartOnceAsync(cancellationToken);
        if (!Volatile.Read(ref _hasStarting)) await BeginOnceAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => BeginOnceAsync(cancellationToken);

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
        foreach (var each in made.InOrderOfEnd)
        {
            try
            {
                each.Dispose();
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

    private Task BeginOnceAsync(CancellationToken cancellationToken)
    {
        lock (_lock) return _begin ??= BeginAsync(cancellationToken);
    }

    // What takes work from elsewhere: it begins when the services that its workers may use have started.
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await LeaveTheLock();
        foreach (var each in registry.Registrations)
        {
            if (each.StartsLate) made.Find(each)?.Begin();
        }

        await foreach (var wait in Task.WhenEach(_late.Select(each => each.WhenReadyAsync(cancellationToken)))) await wait;
    }

    private async Task StartTroupesAsync(CancellationToken cancellationToken)
    {
        await LeaveTheLock();
        // Everything is checked before anything is made.
        var plans = ReadPlans();
        ShutdownPlan.Check(host.Value.ShutdownTimeout, own.Value.ShutdownReserve, plans);
        foreach (var sections in services.GetServices<IStraySections>())
        {
            foreach (var stray in sections.Strays()) Log.StraySection(_logger, stray, sections.Names);
        }

        List<Task> waits = [];
        try
        {
            foreach (var (registration, plan) in plans)
            {
                cancellationToken.ThrowIfCancellationRequested();
                registration.In(services);
                if (!plan.WaitUntilReady || made.Find(registration) is not { } part) continue;
                if (registration.StartsLate) _late.Add(part);
                else waits.Add(part.WhenReadyAsync(cancellationToken));
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

    private List<(TroupeRegistration Registration, StartPlan Plan)> ReadPlans()
    {
        List<(TroupeRegistration, StartPlan)> plans = [];
        List<OptionsValidationException> refusals = [];
        foreach (var each in registry.Registrations)
        {
            try
            {
                plans.Add((each, each.PlanIn(services)));
            }
            catch (OptionsValidationException e)
            {
                refusals.Add(e);   // the mistakes of all troupes are said at once
            }
        }

        if (refusals.Count == 1) ExceptionDispatchInfo.Throw(refusals[0]);
        if (refusals.Count == 0) return plans;
        throw new OptionsValidationException(
            refusals[0].OptionsName, typeof(TinyTroupeSettings), refusals.SelectMany(static each => each.Failures));
    }

    // Nobody stops a host that has not started. They have no task of the application yet, so they are aborted.
    private async Task UndoStartAsync(List<Task> waits)
    {
        var parts = made.InOrderOfEnd;
        foreach (var each in parts) each.Abort();
        foreach (var each in parts) await EndAsync(each, faults: null);
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

        foreach (var each in made.All) each.BeginToStop();
    }

    private void EndPatience(bool isCutShort)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0) return;
        var parts = made.InOrderOfEnd;
        var left = isCutShort ? "was cut short" : $"is running out, {_plan.Reserve} before its end";
        foreach (var each in parts) Explain(each, left);   // before the first abort, which changes what the others wait for
        foreach (var each in parts) each.Abort();
        _patience.Cancel();   // for what is made from now on
    }

    private void Explain(MadePart part, string left)
    {
        try
        {
            var explanation = part.Explain();
            if (explanation.HasTasks) Log.AbortedWithTasks(_logger, part.Name, left, explanation.Figures);
            else Log.AbortedIdle(_logger, part.Name, left, explanation.Text);
        }
        catch (Exception e)
        {
            Report(() => Log.ExplainFailed(_logger, part.Name, e));   // a logger threw: the troupes are aborted all the same
        }
    }

    private async Task DrainAsync()
    {
        await LeaveTheLock();
        List<Exception> faults = [];
        HashSet<MadePart> drained = [];
        do
        {
            foreach (var each in made.InOrderOfEnd)
            {
                if (drained.Add(each)) await EndAsync(each, faults);
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

    private async Task EndAsync(MadePart part, List<Exception>? faults)
    {
        try
        {
            await part.StopAsync(_patience.Token);
            Report(() => Log.Stopped(_logger, part.Name));
        }
        catch (Exception e)
        {
            Report(() => Log.StopFailed(_logger, part.Name, e));
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
