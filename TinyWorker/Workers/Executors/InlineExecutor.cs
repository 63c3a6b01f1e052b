using System.Runtime.ExceptionServices;
using TinyWorker.Threading;

namespace TinyWorker.Workers.Executors;

/// <summary>
/// Runs one worker loop on the thread that submits. What is posted from elsewhere (a timer, another troupe) goes to the thread that
/// runs the loop at that moment, else to the shared pool.
/// </summary>
/// <param name="hasOneThread">Whether all tasks come from one thread, which is the library's: what tasks leave on it is nobody's.</param>
internal sealed class InlineExecutor(bool hasOneThread) : SerialContext, IWorkerExecutor, IThreadPoolWorkItem
{
    // The context of a thread that carries nobody's values: a loop starts in it.
    private static readonly ExecutionContext Clean = MakeClean();

    private Task? _loop;        // set when the loop has started
    private bool _isOwned;      // guarded by QueueLock: a thread runs what was posted, or was told to
    private bool _isAsleep;     // guarded by QueueLock: that thread waits for its task
    private ThreadLeftovers _leftovers;   // of that thread
    private bool _hasBegun;               // on a thread, for the first time

    public bool MaySpin => false;

    public void Start(Func<Task> loop) => Post(
        static state =>
        {
            var (executor, loop) = ((InlineExecutor, Func<Task>))state!;
            ExecutionContext.Run(Clean, static s =>
            {
                var (executor, loop) = ((InlineExecutor, Func<Task>))s!;
                executor._loop = loop();
            }, state);
        },
        (this, loop));

    public bool Post(Action continuation)
    {
        Post(static action => ((Action)action!)(), continuation);
        return true;
    }

    /// <remarks>The thread is the submitter's: an interruption is kept for the code after Submit.</remarks>
    public void TaskHasEnded()
    {
        if (_leftovers.TaskHasEnded() && !hasOneThread) InlineScope.NoteInterruption();
    }

    public void TaskWasTaken() => Post(static _ => { }, null);

    public void Join()
    {
    }

    public bool HasThreadEnded => true;

    void IThreadPoolWorkItem.Execute() => RunPosted(isRunning: null);

    /// <summary>Runs what was posted. Stays while the submitter's own task runs and awaits something.</summary>
    public void RunPosted(Func<IWorkerExecutor, bool>? isRunning)
    {
        var before = Current;
        BeginOnThisThread();
        try
        {
            while (TryNext(ref isRunning, out var next))
            {
                SetSynchronizationContext(this);   // the last callback may have left another one
                Call(next.Callback, next.State);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private void BeginOnThisThread()
    {
        if (hasOneThread && _hasBegun) return;
        _hasBegun = true;
        _leftovers.Begin();
        _leftovers.HasRested();   // another thread, perhaps
    }

    // Only an exception of an async void method comes here. As everywhere, it ends the process, not this executor alone.
    private static void Call(SendOrPostCallback callback, object? state)
    {
        try
        {
            callback(state);
        }
        catch (Exception e)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static thrown => thrown.Throw(), ExceptionDispatchInfo.Capture(e), preferLocal: false);
        }
    }

    protected override void OnPosted_NeedsLock()
    {
        if (_isAsleep) Monitor.Pulse(QueueLock);
        if (_isOwned) return;
        _isOwned = true;
        if (!InlineScope.TryAdd(this)) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryNext(ref Func<IWorkerExecutor, bool>? isRunning, out (SendOrPostCallback Callback, object? State) next)
    {
        using (Uninterrupted.Enter(QueueLock))
        {
            AssertInvariants_NeedsLock();
            while (true)
            {
                if (TryDequeue_NeedsLock(out next)) return true;
                // Whenever the worker's task goes on, that is posted here, up to its end: so a sleeping thread is always woken.
                if (isRunning is null || _loop is { IsCompleted: true } || !isRunning(this))
                {
                    _isOwned = false;
                    return false;
                }

                _isAsleep = true;
                var wasInterrupted = Uninterrupted.Wait(QueueLock);
                _isAsleep = false;
                if (!wasInterrupted) continue;
                // The task was accepted and goes on: on the pool, if this thread does not wait for it. Submit returns its future, and the
                // next wait of the thread throws.
                InlineScope.NoteInterruption();
                isRunning = null;
            }
        }
    }

    private static ExecutionContext MakeClean()
    {
        ExecutionContext? clean = null;
        var thread = new Thread(() => clean = ExecutionContext.Capture()) { IsBackground = true };
        thread.UnsafeStart();
        thread.Join();
        return clean!;
    }
}
