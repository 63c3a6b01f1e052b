using System.Diagnostics;
using System.Diagnostics.Metrics;
using TinyWorker.Futures;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The library's meter. What happens (a task is accepted, ends, takes its time; a worker is replaced) is counted where it happens, while
/// somebody listens: so what a troupe did just before it was disposed is not lost. How many there are at the moment (tasks, workers) is asked of the
/// living troupes, for which nothing need be counted: so it is right whenever the listening began.
/// </summary>
internal static class TinyWorkerMeter
{
    public const string Troupe = "tinyworker.troupe";
    public const string Outcome = "tinyworker.outcome";
    public const string State = "tinyworker.worker.state";
    public const string Reason = "tinyworker.restart.reason";
    public const string ErrorType = "error.type";

    private static readonly Meter Meter = new("TinyWorker", LibraryVersion.Text);

    private static readonly Counter<long> s_accepted = Meter.CreateCounter<long>(
        "tinyworker.task.accepted", "{task}", "Tasks that were accepted.");

    private static readonly Counter<long> s_ended = Meter.CreateCounter<long>(
        "tinyworker.task.ended", "{task}", "Tasks that ended, by outcome.");

    private static readonly Histogram<double> s_waitDuration = Meter.CreateHistogram<double>(
        "tinyworker.task.wait.duration", "s", "How long a task that had its input waited for a worker.", advice: Seconds);

    private static readonly Histogram<double> s_runDuration = Meter.CreateHistogram<double>(
        "tinyworker.task.run.duration", "s", "How long a worker was at a task.", advice: Seconds);

    private static readonly Counter<long> s_restarts = Meter.CreateCounter<long>(
        "tinyworker.worker.restarts", "{restart}", "Workers that took the place of another.");

    // A worker may be at a task for microseconds or for minutes: OpenTelemetry's own buckets, made for milliseconds, would tell little.
    private static InstrumentAdvice<double> Seconds => new()
    {
        HistogramBucketBoundaries = [0.00001, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    static TinyWorkerMeter()
    {
        Meter.CreateObservableUpDownCounter("tinyworker.task.waiting", () => Read(static levels => levels.Waiting), "{task}",
            "Tasks that were accepted and not started, those that wait for their input included.");
        Meter.CreateObservableUpDownCounter("tinyworker.task.running", () => Read(static levels => levels.Running), "{task}", "Tasks that a worker runs.");
        Meter.CreateObservableUpDownCounter("tinyworker.worker.count", ReadWorkers, "{worker}", "Workers, by state.");
    }

    /// <summary>The troupes that the levels are read from, which it keeps alive no longer than they are.</summary>
    public static WeakSet<IMeteredTroupe> Living { get; } = new();

    /// <summary>Whether somebody listens to what is counted for each task.</summary>
    public static bool IsListenedTo => s_runDuration.Enabled || s_waitDuration.Enabled || s_ended.Enabled || s_accepted.Enabled;

    public static string OutcomeOf(Failure? failure) => failure switch
    {
        null => "succeeded",
        { IsCancellation: true } => "canceled",
        _ => "faulted",
    };

    /// <summary>The full name of the exception's type; of one that stands in for another, that one's.</summary>
    public static string? ErrorTypeOf(Exception exception) => exception is RemoteWorkerException remote ? remote.RemoteTypeName : exception.GetType().FullName;

    public static void Accepted(string troupe) => s_accepted.Add(1, new KeyValuePair<string, object?>(Troupe, troupe));

    public static void Started(string troupe, TimeSpan waited) => s_waitDuration.Record(waited.TotalSeconds, new KeyValuePair<string, object?>(Troupe, troupe));

    /// <param name="troupe">The troupe's name.</param>
    /// <param name="failure">Null if it succeeded.</param>
    /// <param name="ran">How long; null if it never started.</param>
    public static void Ended(string troupe, Failure? failure, TimeSpan? ran)
    {
        var tags = new TagList { { Troupe, troupe }, { Outcome, OutcomeOf(failure) } };
        if (failure is { IsCancellation: false }) tags.Add(ErrorType, ErrorTypeOf(failure.Exception));
        s_ended.Add(1, tags);
        if (ran is { } time) s_runDuration.Record(time.TotalSeconds, tags);
    }

    public static void Restarted(string troupe, string reason) =>
        s_restarts.Add(1, new KeyValuePair<string, object?>(Troupe, troupe), new KeyValuePair<string, object?>(Reason, reason));

    // Troupes of one name are told as one: two measurements with the same tags would be taken for two readings of the same thing.
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
        _ => "stopped",
    };
}
