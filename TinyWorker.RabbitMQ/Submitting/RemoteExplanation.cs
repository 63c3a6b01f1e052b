using System.Globalization;
using TinyWorker.Diagnostics;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>How a troupe on a broker is, in a word and in plain sentences.</summary>
internal static class RemoteExplanation
{
    /// <summary>The condition: the worse of that of the connection and that of the tasks.</summary>
    /// <param name="tasks">That of the tasks on this side.</param>
    /// <param name="side">The connection.</param>
    public static TroupeCondition Condition(TroupeCondition tasks, SubmittingSide side)
    {
        if (tasks == TroupeCondition.Stopped) return tasks;
        var (state, outage, wasReady) = side.Connection;
        if (state == RabbitConnectionState.Failed) return TroupeCondition.Broken;
        if (outage is not null) return TroupeCondition.Down;
        if (state == RabbitConnectionState.Ready)
        {
            // A task that was asked to stop waits for the answer of its host: that is no hung worker.
            return tasks is TroupeCondition.Hung or TroupeCondition.Degraded ? TroupeCondition.Busy : tasks;
        }

        return wasReady || state == RabbitConnectionState.Blocked ? TroupeCondition.Degraded : TroupeCondition.Starting;
    }

    /// <summary>The paragraph.</summary>
    public static string TextOf(TroupeExplanation of, SubmittingSide side, RabbitTroupeOptions options)
    {
        var broker = side.Snapshot();
        var state = broker.Connection switch
        {
            _ when of.Condition == TroupeCondition.Stopped => "is stopped and takes no more work.",
            _ when of.Condition is TroupeCondition.Broken or TroupeCondition.Down =>
                $"is {(of.Condition == TroupeCondition.Down ? "down" : "broken")}, and every task faults: " +
                $"{side.Connection.Outage?.Message}",
            RabbitConnectionState.Blocked =>
                $"is degraded: the broker at {broker.Endpoint} takes nothing at the moment, because it lacks memory or disk space. " +
                $"{Waiting(of)} Free memory or disk space there.",
            RabbitConnectionState.Ready => Tasks(of, options) + Queue(of, broker),
            _ when of.Condition == TroupeCondition.Degraded =>
                $"is degraded: it has lost the broker at {options.Broker}, and connects again. " +
                $"{Waiting(of)}{Patience(options)}{Why(broker)}",
            _ => $"is starting: it connects to the broker at {options.Broker}. {Waiting(of)}{Patience(options)}{Why(broker)}",
        };
        return $"'{of.Snapshot.Name}' {state}{Rate(of)}";
    }

    /// <summary>The figures under it.</summary>
    public static string FiguresOf(TroupeExplanation of, SubmittingSide side)
    {
        var (now, broker) = (of.Snapshot, side.Snapshot());
        return string.Join(
            Environment.NewLine,
            $"  tasks: {Text(now.Accepted)} accepted = {Text(now.Waiting)} waiting here ({Text(of.WaitingForInput)} for their input)"
                + $" + {Text(now.Running)} at the broker and its hosts + {Text(now.Succeeded)} succeeded + {Text(now.Faulted)} faulted"
                + $" + {Text(now.Canceled)} canceled",
            $"  broker: {broker.Connection}{(broker.Endpoint is null ? "" : $" at {broker.Endpoint}")}; {Text(broker.Sent)} sent,"
                + $" {Text(broker.Stored)} stored, {Text(broker.SentAgain)} sent again, {Text(broker.Rejected)} rejected,"
                + $" {Text(broker.Returned)} returned; {Text(broker.LateReplies)} late replies, {Text(broker.DeadLettered)} dead letters;"
                + $" connected again {Wording.Of(broker.Reconnects, "time")}",
            $"  queue: {Known(broker.Ready)} waiting, {Known(broker.Suspects)} suspects, {Known(broker.DeadLetters)} dead letters,"
                + $" {Known(broker.Hosts)} hosts",
            $"  in {Text(of.Over)}: {Text(of.Ended)} ended, {Text(PerSecond(of))} a second");
    }

    private static string Tasks(TroupeExplanation of, RabbitTroupeOptions options)
    {
        var now = of.Snapshot;
        var verb = now.Running == 1 ? "is" : "are";
        var under = $"{Text(now.Running)} of at most {Text(options.MaxInFlight)} tasks {verb} at the broker and its hosts";
        var more = of.Ready == 1 ? "waits" : "wait";
        return of.Condition switch
        {
            TroupeCondition.Idle => "is idle: no task waits here, and none is at the broker. There is nothing to change.",
            TroupeCondition.Saturated =>
                $"is saturated: {under}, and {Text(of.Ready)} more {more} here. More hosts, or more workers in them, would end the tasks " +
                "sooner. A larger MaxInFlight helps only if hosts run out of tasks.",
            TroupeCondition.WaitingForInput =>
                $"waits for its input: {under}, and all {Wording.Of(of.WaitingForInput, "task")} that wait here have no input yet. What " +
                "is slow comes before this troupe: call Explain() on the troupe that makes its inputs.",
            TroupeCondition.HeldByWindow =>
                $"is held by the window of a map: {under}, because the window is full and the consumer waits for a task that has not " +
                "ended. With a larger Window more could be under way. So it could with Ordered = false, if the order does not matter.",
            TroupeCondition.HeldByConsumer =>
                $"is held by the consumer of a map: {under}, because the consumer does work of its own, and the source is read only when " +
                "the consumer asks for the next result. Do less work between two results, or give that work to a troupe, too.",
            TroupeCondition.Starved =>
                $"is starved: {under}, and none waits here. More hosts would not help. Submit more tasks at a time, or make what submits " +
                "faster.",
            TroupeCondition.Starting => "is starting.",
            _ => $"keeps up: {under}, and {Wording.Of(of.Ready, "task")} {more} here. There is nothing to change.",
        };
    }

    private static string Queue(TroupeExplanation of, RabbitTroupeSnapshot broker)
    {
        if (broker.Hosts is not { } hosts) return "";
        if (hosts == 0)
        {
            return of.Snapshot.Running == 0
                ? " No host takes tasks from the queue at the moment."
                : " No host takes tasks from the queue: start one, or look why it is not connected.";
        }

        var ready = broker.Ready ?? 0;
        return $" {Wording.Of(hosts, "host")} {(hosts == 1 ? "takes" : "take")} tasks from the queue, where " +
            $"{Wording.Of(ready, "task")} {(ready == 1 ? "waits" : "wait")}.";
    }

    private static string Waiting(TroupeExplanation of)
    {
        var open = of.Snapshot.Waiting + of.Snapshot.Running;
        return open == 0 ? "No task waits for that." : $"{Wording.Of(open, "task")} {(open == 1 ? "waits" : "wait")}.";
    }

    private static string Patience(RabbitTroupeOptions options) => options.BrokerLostAfter == Timeout.InfiniteTimeSpan
        ? ""
        : $" After {Text(options.BrokerLostAfter)} without a broker (BrokerLostAfter) tasks fault.";

    private static string Why(RabbitTroupeSnapshot broker) =>
        broker.LastError is { Length: > 0 } error ? $" The last try failed: {Wording.Sentence(error)}" : "";

    private static string Rate(TroupeExplanation of)
    {
        if (of.Condition is TroupeCondition.Broken or TroupeCondition.Stopped or TroupeCondition.Starting) return "";
        if (of.Ended == 0) return $" No task ended in the last {Text(of.Over)}.";
        var text = $" In the last {Text(of.Over)} it ended {Text(PerSecond(of))} tasks a second.";
        if (of.Wait is { } wait) text += $" At that rate a task waits here for about {Text(wait)}.";
        if (of.Run is { } run) text += $" From its sending to its reply it takes about {Text(run)}.";
        return text;
    }

    private static double PerSecond(TroupeExplanation of) => of.Over > TimeSpan.Zero ? of.Ended / of.Over.TotalSeconds : 0;

    private static string Known(long? count) => count is { } known ? Text(known) : "unknown";

    private static string Text(long count) => Wording.Text(count);

    private static string Text(double rate) => rate.ToString(rate < 10 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:F0} µs"),
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s"),
    };
}
