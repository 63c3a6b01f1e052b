using TinyWorker.Diagnostics;

namespace TinyWorker.Workers;

// The end of a troupe that nobody has ended.
internal sealed partial class Troupe<TIn, TOut>
{
    /// <summary>
    /// Called by the finalizer of the facade: nobody can submit any more. Ends the troupe in the background, as if it were disposed.
    /// </summary>
    /// <returns>False if somebody still waits for room or for the start, whom the end would refuse.</returns>
    public bool TryEndDropped()
    {
        if (Core.Gate.IsClosed) return true;
        if (Core.Gate.IsContended || !_loops.Ready.IsCompleted) return false;
        ThreadPool.UnsafeQueueUserWorkItem(static troupe => troupe.EndDropped(), this, preferLocal: false);
        return true;
    }

    private void EndDropped()
    {
        Log.TroupeDropped(Core.Logger, Name);
        Core.Close();
    }
}
