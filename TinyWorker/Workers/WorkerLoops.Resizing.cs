using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// Resize: what there may be is changed under _lock; who is one too many is asked to leave, and who is missing is made, outside of it.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    /// <summary>There may be so many workers from now on.</summary>
    public void Resize(int most)
    {
        List<WorkerLoop<TIn, TOut>> superfluous = [], fresh = [];
        int before;
        BeginSubmit();
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            before = _most;
            if (_isEnding || before == most) most = before;
            else Resize_NeedsLock(most, superfluous, fresh);
        }

        if (most != before)
        {
            Log.Resized(Logger, Name, before, most);
            // Another Resize may have been faster: the last one that gets here sets what holds.
            do _core.Resize(most = Most);
            while (most != Most);
            // With the tasks that are their own now: else a new worker would begin with a task of everybody's that came after those.
            foreach (var loop in fresh) StartLoop(loop);
            // Only now: a loop that still has keys does not leave, and while the troupe is paused nobody would wake it again.
            foreach (var loop in superfluous) loop.HurryToLeave();
            NoticeNeedAfterChange();
        }

        EndSubmit(item: null);
    }

    private void Resize_NeedsLock(int most, List<WorkerLoop<TIn, TOut>> superfluous, List<WorkerLoop<TIn, TOut>> fresh)
    {
        Volatile.Write(ref _most, most);
        foreach (var loop in _present)
        {
            if (_leaving.Contains(loop)) continue;
            if (loop.Info.Index >= most)
            {
                if (!_staying.Remove(loop)) continue;
                _awaited.Remove(loop);
                loop.AskToLeave();
                loop.ForgetReplacement();   // nobody would come; and it runs the tasks that are for it alone before it leaves
                superfluous.Add(loop);
            }
            else if (_staying.Add(loop))
            {
                loop.AskToStay();
                if (loop is { Phase: WorkerPhase.Starting, StartFailure: null }) _awaited.Add(loop);
            }
        }

        // Those that are kept may all have been at places that are one too many.
        for (var index = 0; MayStart_NeedsLock && index < most && _staying.Count < Least_NeedsLock; index++)
            if (LoopAt(index) is null) fresh.Add(PutAt_NeedsLock(index));

        Publish_NeedsLock();
    }
}
