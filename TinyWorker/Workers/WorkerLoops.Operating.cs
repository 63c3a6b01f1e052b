using TinyWorker.Threading;

namespace TinyWorker.Workers;

// What an operator asks of one worker. WorkerLoop.Operating.cs has who owns what.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    /// <summary>Another worker is to take the place of the one at this place, once its task has ended.</summary>
    /// <returns>False if none lives there that stays, or the troupe takes no more work.</returns>
    public bool Recycle(int place)
    {
        WorkerLoop<TIn, TOut>? loop;
        BeginSubmit();
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            // One that is being made does not live yet, and one that was asked to leave does not stay.
            loop = place < 0 ? null : LoopAt(place);
            if (loop is not null && MayRecycle_NeedsLock(loop)) loop.AskToBeReplaced();
            else loop = null;
        }

        Schedule.Point();
        loop?.HurryToBeReplaced();
        EndSubmit(item: null);
        return loop is not null;
    }

    /// <summary>Cancels the task with this number, if the worker at this place has it.</summary>
    public bool Cancel(int place, long number) => place >= 0 && LoopAt(place) is { } loop && loop.CancelTask(number);

    private bool MayRecycle_NeedsLock(WorkerLoop<TIn, TOut> loop) =>
        MayStart_NeedsLock && !_core.Gate.IsClosed && _living.Contains(loop) && _staying.Contains(loop);

    // With its worker goes what was asked of it.
    private bool NoLongerLives_NeedsLock(WorkerLoop<TIn, TOut> loop)
    {
        loop.ForgetReplacement();
        return _living.Remove(loop);
    }
}
