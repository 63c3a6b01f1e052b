namespace TinyWorker;

// What an operator may do and code seldom does: it is reached through ITroupeControl alone, so that the troupe's own surface stays small.
public sealed partial class TinyTroupe<TIn, TOut>
{
    bool ITroupeControl.RecycleWorker(int index)
    {
        var isAccepted = _troupe.Loops.Recycle(index);
        GC.KeepAlive(this);
        return isAccepted;
    }

    bool ITroupeControl.Cancel(RunningTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var isAccepted = _troupe.Loops.Cancel(task.Worker, task.Number);
        GC.KeepAlive(this);
        return isAccepted;
    }
}
