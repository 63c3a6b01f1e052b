using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using TinyWorker.Threading;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The library's meter. Events (a task is accepted, ends, takes its time; a worker is replaced) are counted where they happen, while
/// somebody listens: so what a troupe did just before it was disposed is not lost. The levels (tasks that wait or run, workers) are read
/// from the living troupes. Nothing is counted for them: so they are right whenever a listener begins.
/// </summary>
internal static class TinyWorkerMeter
{
    public const string Troupe = "tinyworker.troupe";
    public const string Outcome = "tinyworker.outcome";
    public const string State = "tinyworker.worker.state";
    public const string Reason = "tinyworker.restart.reason";
    public const string ErrorType = "error.type";

    private static readonly Meter Meter = new("TinyWorker", LibraryVersion.Text);

    private static readonly Counter<long> AcceptedCounter = Meter.CreateCounter<long>(
        "tinyworker.task.accepted", "{task}", "Tasks that were accepted.");

    private static readonly Counter<long> EndedCounter = Meter.CreateCounter<long>(
        "tinyworker.task.ended", "{task}", "Tasks that ended, by outcome.");

    private static readonly Histogram<double> WaitDuration = Meter.CreateHistogram<double>(
        "tinyworker.task.wait.duration", "s", "How long a task that had its input waited for a worker.", advice: Seconds);

    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>(
        "tinyworker.task.run.duration", "s", "How long a worker ran a task.", advice: Seconds);

    private static readonly Counter<long> RestartCounter = Meter.CreateCounter<long>(
        "tinyworker.worker.restarts", "{restart}", "Workers that took the place of another.");

    // A task may take microseconds or minutes: OpenTelemetry's default buckets, made for milliseconds, would tell little.
    private static InstrumentAdvice<double> Seconds => new()
    {
        HistogramBucketBoundaries = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    static TinyWorkerMeter()
    {
        Meter.CreateObservableUpDownCounter(
            "tinyworker.task.waiting", () => Read(static levels => levels.Waiting), "{task}",
            "Tasks that were accepted and not started, those that wait for their input included.");
        Meter.CreateObservableUpDownCounter(
            "tinyworker.task.running", () => Read(static levels => levels.Running), "{task}", "Tasks that a worker runs.");
        Meter.CreateObservableUpDownCounter("tinyworker.worker.count", ReadWorkers, "{worker}", "Workers, by state.");
        Plugins.BeforeUnload(Meter.Dispose);
    }

    /// <summary>The troupes of this process that have not ended. They are held weakly.</summary>
    public static WeakSet<IMeteredTroupe> Living { get; } = new();

    /// <summary>Whether somebody listens to an instrument that is written for each task.</summary>
    public static bool IsListenedTo => RunDuration.Enabled || WaitDuration.Enabled || EndedCounter.Enabled || AcceptedCounter.Enabled;

    public static string OutcomeOf(TinyFutureStatus outcome) => outcome switch
    {
        TinyFutureStatus.Succeeded => "succeeded",
        TinyFutureStatus.Canceled => "canceled",
        _ => "faulted",
    };

    /// <summary>The full name of the exception's type. A <see cref="RemoteWorkerException"/> has the name of the type that it stands
    /// for.</summary>
    public static string? ErrorTypeOf(Exception exception) =>
        exception is RemoteWorkerException remote ? remote.RemoteTypeName : exception.GetType().FullName;

    public static void Accepted(string troupe) => AcceptedCounter.Add(1, new KeyValuePair<string, object?>(Troupe, troupe));

    public static void Started(string troupe, TimeSpan waited) =>
        WaitDuration.Record(waited.TotalSeconds, new KeyValuePair<string, object?>(Troupe, troupe));

    /// <summary>A task has ended.</summary>
    /// <param name="troupe">The troupe's name.</param>
    /// <param name="outcome">How the task ended.</param>
    /// <param name="error">The exception of a task that faulted; null for any other.</param>
    /// <param name="ran">How long the task ran; null if it never started.</param>
    public static void Ended(string troupe, TinyFutureStatus outcome, Exception? error, TimeSpan? ran)
    {
        var tags = new TagList { { Troupe, troupe }, { Outcome, OutcomeOf(outcome) } };
        if (error is not null) tags.Add(ErrorType, ErrorTypeOf(error));
        EndedCounter.Add(1, tags);
        if (ran is { } time) RunDuration.Record(time.TotalSeconds, tags);
    }

    public static void Restarted(string troupe, string reason) =>
        RestartCounter.Add(1, new KeyValuePair<string, object?>(Troupe, troupe), new KeyValuePair<string, object?>(Reason, reason));

    // Troupes of one name are added up: a listener takes two measurements with the same tags for two readings of one thing.
    private static IEnumerable<Measurement<int>> Read(Func<TroupeLevels, int> level) =>
        Living.GroupBy(static troupe => troupe.Name).Select(group =>
            new Measurement<int>(group.Sum(troupe => level(troupe.Levels())), new KeyValuePair<string, object?>(Troupe, group.Key)));

    private static IEnumerable<Measurement<int>> ReadWorkers()
    {
        foreach (var group in Living.GroupBy(static troupe => troupe.Name))
        {
            var workers = group.SelectMany(static troupe => troupe.Levels().Workers).ToLookup(static state => state);
            foreach (var state in Enum.GetValues<WorkerState>())
            {
                yield return new Measurement<int>(
                    workers[state].Count(),
                    new KeyValuePair<string, object?>(Troupe, group.Key),
                    new KeyValuePair<string, object?>(State, Lower(state)));
            }
        }
    }

    private static string Lower(WorkerState state) => state switch
    {
        WorkerState.Starting => "starting",
        WorkerState.Idle => "idle",
        WorkerState.Busy => "busy",
        WorkerState.Hung => "hung",
        WorkerState.Empty => "empty",
        _ => "stopped",
    };
}

/// <summary>A troupe as the meter sees it.</summary>
internal interface IMeteredTroupe
{
    string Name { get; }

    /// <summary>What users hold of it, an <c>ITroupe</c>; null before it is made, and when they have dropped it.</summary>
    object? Facade { get; }

    TroupeLevels Levels();
}

/// <summary>How many tasks wait and run, and the state of each worker, at one moment.</summary>
internal readonly record struct TroupeLevels(int Waiting, int Running, WorkerState[] Workers);

/// <summary>The version of this library, as in its package; listeners see it at the meter and at the activity source.</summary>
internal static class LibraryVersion
{
    // The part after the plus names the commit.
    public static readonly string Text =
        typeof(LibraryVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
