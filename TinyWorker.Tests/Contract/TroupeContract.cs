using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NUnit.Framework.Constraints;
using ThreadState = System.Threading.ThreadState;

namespace TinyWorker.Tests.Contract;

/// <summary>
/// What every back-end promises: sections 3 and 4 of the design. Each back-end runs these tests through a subclass of a few lines.
/// </summary>
public abstract partial class TroupeContract
{
    protected sealed record Settings
    {
        public string? Name { get; init; }
        public int Workers { get; init; } = 1;
        public int Capacity { get; init; } = 1024;
        public TimeSpan? TaskTimeout { get; init; }
        public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);
        public int? MaxTasksPerWorker { get; init; }
        public ILoggerFactory? Loggers { get; init; }
        public TimeProvider Clock { get; init; } = TimeProvider.System;
        public bool? ReplaceHungWorkers { get; init; } = true;   // most of these tests use factories, also for what holds of functions
        public int MaxAttempts { get; init; } = 1;
        public Func<Exception, bool>? RetryWhen { get; init; }
        public TimeSpan RetryDelay { get; init; }
        public Func<Exception, bool>? ReplaceWorkerWhen { get; init; }
        public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(30);
        public TimeSpan? MakeTimeout { get; init; }
        public int? MinWorkers { get; init; }
        public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);
    }

    /// <summary>The defaults of the back-end under test.</summary>
    protected abstract TinyTroupeOptions Backend { get; }

    /// <summary>How many times a troupe tries to make a worker at its start.</summary>
    protected virtual int TriesAtStart => 1;

    /// <summary>Matches an exception that a worker threw or returned, as the troupe passes it on.</summary>
    protected virtual IResolveConstraint IsThat(Exception ofTheWorker) => Is.SameAs(ofTheWorker);

    /// <summary>Matches the activity of the submitter, as the task sees it.</summary>
    protected virtual IResolveConstraint IsThat(Activity ofTheSubmitter) => Is.SameAs(ofTheSubmitter);

    /// <summary>Whether a worker that does not stop can be killed, and its task ends then.</summary>
    protected virtual bool WorkersAreKilled => false;

    /// <summary>Waits for the code of killed workers, where it runs on although the troupe has seen their end.</summary>
    protected virtual void WaitForTheKilled()
    {
    }

    protected TinyTroupeOptions Options() => Options(new Settings());

    protected TinyTroupeOptions Options(Settings settings) => Backend with
    {
        Name = settings.Name,
        Workers = settings.Workers,
        Capacity = settings.Capacity,
        TaskTimeout = settings.TaskTimeout,
        CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker,
        LoggerFactory = settings.Loggers,
        TimeProvider = settings.Clock,
        ReplaceHungWorkers = settings.ReplaceHungWorkers,
        MaxAttempts = settings.MaxAttempts,
        RetryWhen = settings.RetryWhen,
        RetryDelay = settings.RetryDelay,
        ReplaceWorkerWhen = settings.ReplaceWorkerWhen,
        StartPatience = settings.StartPatience,
        MakeTimeout = settings.MakeTimeout,
        MinWorkers = settings.MinWorkers,
        IdleTimeout = settings.IdleTimeout,
    };

    /// <summary>Disposes the troupe within the deadline.</summary>
    protected static Task End<TIn, TOut>(TinyTroupe<TIn, TOut> troupe)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        return Within.Time(troupe.DisposeAsync().AsTask(), "disposing " + troupe);
    }

    protected static void WaitForEnd<T>(TinyFuture<T> future)
    {
        ArgumentNullException.ThrowIfNull(future);
        Within.Until(() => future.IsCompleted, "the end of " + future);
    }

    /// <summary>Runs a step on a thread, and returns when the thread blocks. The task ends as the step does.</summary>
    protected static Task Blocked(Action step) => Blocked(step, out _);

    /// <inheritdoc cref="Blocked(Action)"/>
    protected static Task Blocked(Action step, out Thread thread)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocked = new Thread(() =>
        {
            try
            {
                step();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }) { IsBackground = true, Name = "blocked step" };
        blocked.Start();
        Within.Until(() => done.Task.IsCompleted || (blocked.ThreadState & ThreadState.WaitSleepJoin) != 0, "a thread to block");
        thread = blocked;
        return done.Task;
    }

    protected sealed class FunctionWorker(Func<int, int> call, Action? dispose = null) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => call(input);

        public void Dispose() => dispose?.Invoke();
    }
}

/// <summary>
/// Marks a test of the contract whose worker shares memory with the test. Back-ends with worker processes do not have this test.
/// </summary>
/// <param name="what">What the worker shares, or needs, that a worker process cannot.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharesMemoryAttribute(string what) : Attribute
{
    public string What => what;
}
