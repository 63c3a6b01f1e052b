using System.Runtime.ExceptionServices;

namespace TinyWorker.Backends.Inline;

/// <summary>
/// Runs one worker loop on whatever thread submits. What is posted from elsewhere (a timer, another troupe) goes to the thread that
/// runs the loop at that moment, else to the shared pool.
/// </summary>
internal sealed class InlineExecutor : SerialContext, IWorkerExecutor, IThreadPoolWorkItem
{
    // On a thread without anybody's values, to start a loop with.
    private static readonly ExecutionContext Clean = MakeClean();

    private Task? _loop;        // set when the loop has started
    private bool _isOwned;      // guarded by the lock on this: a thread runs it, or was told to
    private bool _isAsleep;     // guarded by the lock on this: that thread waits for its task

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

    public void TaskWasTaken() => Post(static _ => { }, null);

    public void Join()
    {
    }

    void IThreadPoolWorkItem.Execute() => RunPosted(isRunning: null);

    /// <summary>Runs what was posted; stays while the submitter's own task runs and awaits something.</summary>
    public void RunPosted(Func<IWorkerExecutor, bool>? isRunning)
    {
        var before = Current;
        try
        {
            while (TryNext(isRunning, out var next))
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

    // Only what an async void method throws comes here. As everywhere, it ends the process; not this executor alone.
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
        if (_isAsleep) Monitor.Pulse(this);
        if (_isOwned) return;
        _isOwned = true;
        if (!InlineScope.TryAdd(this)) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryNext(Func<IWorkerExecutor, bool>? isRunning, out (SendOrPostCallback Callback, object? State) next)
    {
        lock (this)
        {
            while (true)
            {
                if (TryDequeue_NeedsLock(out next)) return true;
                // The loop posts whenever the task of its worker goes on, and its task ends there: so the sleeper is always woken.
                if (isRunning is null || _loop is { IsCompleted: true } || !isRunning(this))
                {
                    _isOwned = false;
                    return false;
                }

                _isAsleep = true;
                Monitor.Wait(this);
                _isAsleep = false;
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
