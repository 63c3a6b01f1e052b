using TinyWorker.Threading;

namespace TinyWorker.Workers.Executors;

/// <summary>
/// One named background thread that runs one worker loop, and nothing else, until the loop has ended. The thread sleeps while nothing
/// is posted. It needs no thread of the shared pool.
/// </summary>
internal sealed class ThreadExecutor : SerialContext, IWorkerExecutor
{
    private static readonly SendOrPostCallback LoopStep = static action => ((Action)action!)();

    private readonly Thread _thread;
    private Func<Task>? _start;    // set by Start, taken by the thread
    private ThreadLeftovers _leftovers;   // used by the thread
    private bool _isAsleep;        // guarded by QueueLock
    private bool _isAtOthers;      // guarded by QueueLock: the thread runs a callback that is no step of the loop and may take long

    public ThreadExecutor(string name, int maxStackSize, ThreadPriority priority) =>
        _thread = new Thread(Run, maxStackSize) { Name = name, IsBackground = true, Priority = priority };

    public bool MaySpin => true;

    public void Start(Func<Task> loop)
    {
        _start = loop;
        Schedule.Start(_thread, static self => self.Run(), this);
    }

    public bool Post(Action continuation)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(QueueLock))
        {
            AssertInvariants_NeedsLock();
            var isFree = !_isAtOthers && IsEmpty_NeedsLock;
            Post(LoopStep, continuation);
            return isFree;
        }
    }

    public void TaskHasEnded() => _leftovers.TaskHasEnded();

    public void TaskWasTaken()
    {
    }

    public void Join() => Schedule.Join(_thread);

    public bool HasThreadEnded => !_thread.IsAlive;

    protected override void OnPosted_NeedsLock()
    {
        if (_isAsleep) Schedule.Pulse(QueueLock);
    }

    private void Run()
    {
        SetSynchronizationContext(this);
        _leftovers.Begin();
        var loop = _start!();
        _start = null;
        // The loop's last step runs here, from this queue. Only if user code has set another context may it run elsewhere: then this
        // wakes the thread.
        _ = loop.ContinueWith(
            static (_, self) => ((ThreadExecutor)self!).Post(static _ => { }, null),
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (!loop.IsCompleted)
        {
            var (callback, state) = Next();
            SetSynchronizationContext(this);   // the last callback may have left another one
            callback(state);
        }

        Close();
    }

    private (SendOrPostCallback Callback, object? State) Next()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(QueueLock))
        {
            AssertInvariants_NeedsLock();
            _isAtOthers = false;
            while (true)
            {
                if (TryDequeue_NeedsLock(out var next))
                {
                    _isAtOthers = next.Callback != LoopStep;
                    return next;
                }

                _isAsleep = true;
                Uninterrupted.Wait(QueueLock);
                _isAsleep = false;
                _leftovers.HasRested();
            }
        }
    }
}
