using System.Globalization;

namespace TinyWorker.Diagnostics;

/// <summary>An explanation in words.</summary>
internal static class ExplanationText
{
    public static string Of(TroupeExplanation of) => $"'{of.Snapshot.Name}' {Condition(of)}{Rate(of)}";

    public static string FiguresOf(TroupeExplanation of)
    {
        var now = of.Snapshot;
        var lines = new List<string>
        {
            $"  tasks: {Text(now.Accepted)} accepted = {Text(now.Waiting)} waiting ({Text(of.WaitingForInput)} for their input) + {Text(now.Running)} running"
                + $" + {Text(now.Succeeded)} succeeded + {Text(now.Faulted)} faulted + {Text(now.Canceled)} canceled",
            $"  workers: {now.Workers.Count} = {of.CountOf(WorkerState.Starting)} starting + {of.CountOf(WorkerState.Idle)} idle + {of.CountOf(WorkerState.Busy)} busy"
                + $" + {of.CountOf(WorkerState.Stopped)} stopped; {now.Abandoned} abandoned so far",
            $"  in {Text(of.Over)}: {Text(of.Ended)} ended, {Text(PerSecond(of))} a second; {Text(of.Restarts)} workers replaced;"
                + $" a task waits {About(of.Wait)} and runs {About(of.Run)}",
        };
        if (of.WindowSize > 0) lines.Add($"  maps: {Text(of.WindowItems)} of {Text(of.WindowSize)} places in their windows taken");
        return string.Join(Environment.NewLine, lines);
    }

    private static string Condition(TroupeExplanation of)
    {
        var now = of.Snapshot;
        var workers = now.Workers.Count;
        var idle = $"{of.CountOf(WorkerState.Idle)} of its {workers} workers have nothing to do";
        return of.Condition switch
        {
            TroupeCondition.Starting =>
                $"is starting: none of its {workers} workers is ready yet, and {Text(now.Waiting)} tasks wait. It takes as long as the workers' factory, "
                + "constructor and StartAsync do.",
            TroupeCondition.Starved =>
                $"is starved: {idle}, and no task waits for one. More workers would not help. Submit more at a time, or make faster what submits: "
                + "a loop that waits for each result, a slow source, a troupe before this one.",
            TroupeCondition.WaitingForInput =>
                $"waits for its input: {idle}, and all {Text(now.Waiting)} tasks that wait, wait for their input. What is slow comes before this troupe: "
                + "explain the one that makes its inputs.",
            TroupeCondition.HeldByWindow =>
                $"is held by the window of a map: {idle}, because the window is full and the consumer waits for a task that still runs. A larger Window lets the "
                + "other workers go on past a slow item; so does Ordered = false, if the order does not matter.",
            TroupeCondition.HeldByConsumer =>
                $"is held by the consumer of a map: {idle}, because whoever enumerates it is at work of its own, and the source is read only when it "
                + "asks for the next result. More workers would not help, nor a larger Window. Let it do less between two results, or give that work to a troupe, too.",
            TroupeCondition.Busy =>
                $"keeps up: {of.CountOf(WorkerState.Busy)} of its {workers} workers run a task, and {Text(of.Ready)} tasks wait for one. Nothing need be changed.",
            TroupeCondition.Saturated =>
                $"is saturated: {of.CountOf(WorkerState.Busy)} of its {workers} workers run a task, and {Text(of.Ready)} more wait for one. "
                + (now.Waiting >= now.Capacity ? $"Its Capacity of {Text(now.Capacity)} is reached, and who submits is held back. " : "")
                + "More workers end them sooner if there are processors to spare, or if the tasks wait for something else than a processor; "
                + "a larger Capacity only lets more of them wait.",
            TroupeCondition.Hung =>
                $"has tasks that hang: {Text(of.AskedToStop)} were asked to stop and still run, and {Text(now.Abandoned)} workers were given up so far. "
                + "Let the worker's code look at its token. Code that cannot belongs into worker processes, which can be killed.",
            TroupeCondition.Broken => $"is broken, and every task faults: {of.BrokenBy}",
            _ => "is stopped and takes no more work.",
        };
    }

    private static string Rate(TroupeExplanation of)
    {
        if (of.Condition is TroupeCondition.Broken or TroupeCondition.Stopped or TroupeCondition.Starting) return "";
        var text = of.Ended == 0 ? $" No task ended in the last {Text(of.Over)}." : $" In the last {Text(of.Over)} it ended {Text(PerSecond(of))} tasks a second.";
        text += (of.Wait, of.Run) switch
        {
            ({ } wait, { } run) => $" At that rate a task waits {About(wait)} for a worker that is at it for {About(run)}.",
            (null, { } run) => $" At that rate a worker is at a task for {About(run)}; none was seen to wait.",
            ({ } wait, null) => $" At that rate a task waits {About(wait)} for a worker.",
            _ => "",
        };
        if (of.Restarts > 0) text += $" {Text(of.Restarts)} workers were replaced in that time; the log says why.";
        return text;
    }

    private static double PerSecond(TroupeExplanation of) => of.Over > TimeSpan.Zero ? of.Ended / of.Over.TotalSeconds : 0;

    private static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(double rate) => rate.ToString(rate < 10 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string About(TimeSpan? time) => time is { } known ? "about " + Text(known) : "an unknown time";

    private static string Text(TimeSpan time) => time switch
    {
        { TotalMilliseconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:F0} µs"),
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s"),
    };
}
