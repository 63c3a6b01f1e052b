using System.Globalization;

namespace TinyWorker.Diagnostics;

/// <summary>The text of an explanation.</summary>
internal static class ExplanationText
{
    public static string Of(TroupeExplanation of) => $"'{of.Snapshot.Name}' {Condition(of)}{Pausing(of)}{Rate(of)}";

    public static string FiguresOf(TroupeExplanation of)
    {
        var now = of.Snapshot;
        var lines = new List<string>
        {
            $"  tasks: {Text(now.Accepted)} accepted = {Text(now.Waiting)} waiting ({Text(of.WaitingForInput)} for their input"
                + (of.Pausing == 0 ? ")" : $", {Text(of.Pausing)} in a pause)")
                + $" + {Text(now.Running)} running + {Text(now.Succeeded)} succeeded + {Text(now.Faulted)} faulted"
                + $" + {Text(now.Canceled)} canceled",
            $"  workers: {now.Workers.Count}{OfTheMost(now)} = {of.CountOf(WorkerState.Starting)} starting"
                + $" + {of.CountOf(WorkerState.Idle)} idle"
                + $" + {of.CountOf(WorkerState.Busy)} busy + {of.CountOf(WorkerState.Hung)} hung + {of.CountOf(WorkerState.Empty)} missing"
                + $" + {of.CountOf(WorkerState.Stopped)} stopped; {now.Abandoned} abandoned so far",
            $"  in {Text(of.Over)}: {Text(of.Ended)} ended, {Text(PerSecond(of))} a second; {Replaced(of)};"
                + $" a task waits {About(of.Wait)} and runs {About(of.Run)}",
        };
        if (of.WindowSize > 0) lines.Add($"  maps: {Text(of.WindowItems)} of {Text(of.WindowSize)} places in their windows taken");
        return string.Join(Environment.NewLine, lines);
    }

    private static string Condition(TroupeExplanation of)
    {
        var now = of.Snapshot;
        return of.Condition switch
        {
            TroupeCondition.Starting =>
                $"is starting: {NotReady(of)}, and {Tasks(now.Waiting)}. "
                + "How long that takes depends on the workers' factory, constructor and StartAsync and, if they take the place of others, "
                + "on the disposal of those.",
            TroupeCondition.Idle =>
                $"is idle: {Idle(of)}, and no task waits{(of.Pausing == 0 ? "" : $" for {AWorker(of)}")} or runs. There is nothing to change.",
            TroupeCondition.Starved =>
                $"is starved: {Idle(of)}, and no task waits for {AWorker(of)}. More workers would not help. Submit more tasks at a time, or "
                + "make what submits faster: a loop that waits for each result, a slow source, or a troupe before this one.",
            TroupeCondition.WaitingForInput =>
                $"waits for its input: {Idle(of)}, and {TheTasksThatWait(of.WaitingForInput)} no input yet. What is slow comes before this troupe: "
                + "call Explain() on the troupe that makes its inputs.",
            TroupeCondition.HeldByWindow =>
                $"is held by the window of a map: {Idle(of)}, because the window is full and the consumer waits for a task that "
                + (of.Pausing == 0 ? "still runs. " : "has not ended. ")
                + "With a larger Window the other workers can go on past a slow item. So they can with Ordered = false, if the "
                + "order does not matter.",
            TroupeCondition.HeldByConsumer =>
                $"is held by the consumer of a map: {Idle(of)}, because the consumer does work of its own, and the source is read only when "
                + "the consumer asks for the next result. More workers or a larger Window would not help. Do less work between two "
                + "results, or give that work to a troupe, too.",
            TroupeCondition.Busy =>
                $"keeps up: {Busy(of)}, and {Tasks(of.Ready)} for {AWorker(of)}. {Growth(of)}There is nothing to change.",
            TroupeCondition.Saturated =>
                $"is saturated: {Busy(of)}, and {Text(of.Ready)} more {(of.Ready == 1 ? "waits" : "wait")} for {AWorker(of)}. "
                + Full(now)
                + "More workers would end the tasks sooner if there are processors to spare, or if the tasks wait for something other than "
                + "a processor."
                + (now.Capacity < now.Workers.Count ? "" : " A larger Capacity would only let more tasks wait."),
            TroupeCondition.Hung =>
                $"{Hung(of)}. Let the worker's code look at its token. Run code that cannot do so in worker processes, which can be killed.",
            TroupeCondition.Paused =>
                $"is paused: {Running(now.Running)}, and {Tasks(now.Waiting)}. {Held(now)}No other task starts before Resume() is called."
                + (of.EmptyPlaces == 0 ? "" : $" Meanwhile {Missing(of)} and could not be made again.{Why(of)} The troupe tries again."),
            TroupeCondition.Degraded => $"is degraded: {Missing(of)} and could not be made again.{Why(of)} The troupe tries again"
                + (of.EmptyPlaces < now.Workers.Count ? ", and its other workers go on." : $". {Patience(of)}"),
            TroupeCondition.Down =>
                $"is down: it has no worker, and every task faults.{Why(of)} The troupe tries again, and goes on with the first worker that "
                + "can be made.",
            TroupeCondition.Broken => $"is broken, and every task faults: {Wording.Sentence(of.FailedBy?.Message ?? "")}",
            _ => "is stopped and takes no more work.",
        };
    }

    private static string OfTheMost(TroupeSnapshot now) =>
        now.MaxWorkers == 0 || now.MaxWorkers == now.Workers.Count ? "" : $" of {Text(now.MaxWorkers)} at the most";

    private static string Full(TroupeSnapshot now)
    {
        var full = Held(now);
        if (full.Length == 0) return "";
        if (now.Capacity >= now.Workers.Count) return full;
        return $"{full}A Capacity below the number of workers holds those back, too: with {Text(now.Workers.Count)} or more, each worker "
            + "that has ended a task finds the next one there. ";
    }

    private static string Held(TroupeSnapshot now) => now.Waiting < now.Capacity ? ""
        : $"Its Capacity of {Text(now.Capacity)} is reached, and submitters are held back. ";

    private static string Running(int running) => running switch
    {
        0 => "no task runs",
        1 => "1 task runs to its end",
        _ => $"{Wording.Of(running, "task")} run to their ends",
    };

    // Of a troupe that makes workers when tasks wait
    private static string Growth(TroupeExplanation of)
    {
        if (!of.MayGrow) return "";
        var starting = of.CountOf(WorkerState.Starting);
        var some = $"{Wording.Of(starting, "worker")} of the {Text(of.MaxWorkers)} that it may have";
        if (starting > 0) return $"{some} {(starting == 1 ? "is" : "are")} being made. ";
        return of.Ready == 0 ? "" : $"It may have {Wording.Of(of.MaxWorkers, "worker")}, and makes another if tasks go on waiting. ";
    }

    private static string Pausing(TroupeExplanation of) => of.Pausing == 0 ? ""
        : $" {Wording.Of(of.Pausing, "task")} {(of.Pausing == 1 ? "pauses before it is" : "pause before they are")} run again.";

    // A troupe of one worker has "its worker": "1 of its 1 workers" says nothing.
    private static string Idle(TroupeExplanation of) => of.Snapshot.Workers.Count == 0
        ? "it has no worker, because nothing is to do"
        : SomeOf(of, of.CountOf(WorkerState.Idle), "has nothing to do", "have nothing to do");

    private static string Busy(TroupeExplanation of) => of.CountOf(WorkerState.Busy) switch
    {
        0 => of.Snapshot.Workers.Count == 1 ? "its worker is between two tasks" : "its workers are between two tasks",
        var busy => SomeOf(of, busy, "runs a task", "run a task"),
    };

    private static string NotReady(TroupeExplanation of) => of.Snapshot.Workers.Count switch
    {
        0 => "its first worker is about to be made",
        1 => "its worker is not ready yet",
        _ => $"none of its {Wording.Of(of.Snapshot.Workers.Count, "worker")} is ready yet",
    };

    private static string SomeOf(TroupeExplanation of, int count, string one, string many) => of.Snapshot.Workers.Count == 1
        ? $"its worker {one}"
        : $"{Text(count)} of its {Wording.Of(of.Snapshot.Workers.Count, "worker")} {(count == 1 ? one : many)}";

    private static string AWorker(TroupeExplanation of) => of.Snapshot.Workers.Count == 1 ? "it" : "one";

    private static string Tasks(int waiting) =>
        waiting == 0 ? "no task waits" : $"{Wording.Of(waiting, "task")} {(waiting == 1 ? "waits" : "wait")}";

    private static string TheTasksThatWait(int waiting) =>
        waiting == 1 ? "the task that waits has" : $"all {Wording.Of(waiting, "task")} that wait have";

    private static string Hung(TroupeExplanation of)
    {
        var (asked, hung, abandoned) = (of.AskedToStop, of.CountOf(WorkerState.Hung), of.Snapshot.Abandoned);
        List<string> parts = [];
        if (asked == 1) parts.Add("1 task was asked to stop and still runs");
        if (asked > 1) parts.Add($"{Wording.Of(asked, "task")} were asked to stop and still run");
        if (hung > 0) parts.Add($"{Wording.Of(hung, "worker")} {(hung == 1 ? "has" : "have")} not come back from a task that was to stop");
        if (abandoned > 0) parts.Add($"{Wording.Of(abandoned, "worker")} {(abandoned == 1 ? "was" : "were")} abandoned so far");
        return $"has {(asked + hung + abandoned == 1 ? "a task that hangs" : "tasks that hang")}: {string.Join(", and ", parts)}";
    }

    private static string Missing(TroupeExplanation of) => of.Snapshot.Workers.Count == 1
        ? "its worker is missing"
        : $"{Text(of.EmptyPlaces)} of its {Wording.Of(of.Snapshot.Workers.Count, "worker")} {(of.EmptyPlaces == 1 ? "is" : "are")} missing";

    private static string Why(TroupeExplanation of) =>
        of.FailedBy is { } failure
            ? $" The last try failed with {failure.GetType().Name}: {Wording.Sentence(NestedText.MessageOf(failure))}" : "";

    private static string Patience(TroupeExplanation of) => of.StartPatience == Timeout.InfiniteTimeSpan
        ? "Until a worker is made, tasks wait."
        : $"Until a worker is made, tasks wait for {Text(of.StartPatience)} (StartPatience) and then fault.";

    private static string Rate(TroupeExplanation of)
    {
        if (of.Condition is TroupeCondition.Broken or TroupeCondition.Stopped or TroupeCondition.Starting) return "";
        var text = of.Ended == 0
            ? $" No task ended in the last {Text(of.Over)}."
            : $" In the last {Text(of.Over)} it ended {Text(PerSecond(of))} tasks a second.";
        text += (of.Wait, of.Run) switch
        {
            ({ } wait, { } run) => $" At that rate a task waits {About(wait)} for a worker and runs for {About(run)}.",
            (null, { } run) => $" At that rate a task runs for {About(run)}; no task was seen to wait.",
            ({ } wait, null) => $" At that rate a task waits {About(wait)} for a worker.",
            _ => "",
        };
        return of.Restarts == 0 ? text : $"{text} {Replaced(of, of.Restarts == 1 ? "was " : "were ")} in that time; the log says why.";
    }

    // A worker counts as replaced once it is given up: the next one may not be there yet.
    private static string Replaced(TroupeExplanation of, string were = "")
    {
        var areAllThere = of.EmptyPlaces + of.CountOf(WorkerState.Empty) + of.CountOf(WorkerState.Starting) == 0;
        return $"{Wording.Of(of.Restarts, "worker")} {(areAllThere || of.Restarts == 0 ? were : "had to be ")}replaced";
    }

    private static double PerSecond(TroupeExplanation of) => of.Over > TimeSpan.Zero ? of.Ended / of.Over.TotalSeconds : 0;

    private static string Text(long count) => Wording.Text(count);

    private static string Text(double rate) => rate.ToString(rate < 10 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string About(TimeSpan? time) => time is { } known ? "about " + Text(known) : "an unknown time";

    private static string Text(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:F0} µs"),
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s"),
    };
}
