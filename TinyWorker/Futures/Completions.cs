using TinyWorker.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>
/// Runs continuations one after the other instead of one inside the other. A continuation that completes a further future does not
/// recurse: what that future has waiting joins the end of this thread's line. A chain of a million links thus completes or fails
/// in constant stack.
/// </summary>
internal static class Completions
{
    [ThreadStatic]
    private static Line? t_line;

    public static void Run(object continuations)
    {
        var line = t_line ??= new Line();
        if (line.IsRunning)
        {
            line.Waiting.Enqueue(continuations);
            return;
        }

        line.IsRunning = true;
        try
        {
            Notify(continuations);
            while (line.Waiting.TryDequeue(out var next)) Notify(next);
        }
        finally
        {
            line.IsRunning = false;
        }
    }

    private static void Notify(object continuations)
    {
        Schedule.Point();
        if (continuations is IContinuation single)
        {
            single.OnSourceCompleted();
            return;
        }

        foreach (var continuation in ((ContinuationList)continuations).Take()) continuation.OnSourceCompleted();
    }

    private sealed class Line
    {
        public readonly Queue<object> Waiting = new();
        public bool IsRunning;
    }
}
