using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NUnit.Framework.Constraints;
using ThreadState = System.Threading.ThreadState;

namespace TinyWorker.Tests.Contract;

/// <summary>What every back-end promises: sections 3 and 4 of the design. A back-end runs it through a subclass of a few lines.</summary>
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
    }

    /// <summary>The options of the back-end under test.</summary>
    protected abstract TinyTroupeOptions Options(Settings settings);

    /// <summary>How often a worker of the start is tried to be made.</summary>
    protected virtual int TriesAtStart => 1;

    /// <summary>The exception that a worker threw or returned, as it comes out of the troupe.</summary>
    protected virtual IResolveConstraint IsThat(Exception ofTheWorker) => Is.SameAs(ofTheWorker);

    /// <summary>The submitter's activity, as its task sees it.</summary>
    protected virtual IResolveConstraint IsThat(Activity ofTheSubmitter) => Is.SameAs(ofTheSubmitter);

    /// <summary>Waits for the code of workers that were killed, where it goes on although the troupe has seen the end of it.</summary>
    protected virtual void WaitForTheKilled()
    {
    }

    protected TinyTroupeOptions Options() => Options(new Settings());

    /// <summary>Ends the troupe within the deadline, whatever the test left behind.</summary>
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

    /// <summary>A thread that has begun to block in a step; ends with what the step threw.</summary>
    protected static Task Blocked(Action step)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
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
        thread.Start();
        Within.Until(() => done.Task.IsCompleted || (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, "a thread to block");
        return done.Task;
    }

    protected sealed class FunctionWorker(Func<int, int> call, Action? dispose = null) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => call(input);

        public void Dispose() => dispose?.Invoke();
    }
}
