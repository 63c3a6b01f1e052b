using System.Diagnostics;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>What a host knows of an id.</summary>
internal enum Knowledge
{
    /// <summary>Nothing: the task is to be run.</summary>
    None,

    /// <summary>It runs here.</summary>
    Running,

    /// <summary>It has ended here.</summary>
    Ended,

    /// <summary>Its submitter has cancelled it.</summary>
    Cancelled,
}

/// <summary>
/// The tasks of a host by id: those that run, the replies of those that have ended, and the ids of those that were cancelled before they
/// came. An id is in one of the three. Thread-safe; one lock guards everything, and nothing is called under it.
/// </summary>
/// <param name="rememberedTasks">How many replies are kept.</param>
/// <param name="rememberedBytes">How many bytes they may take.</param>
internal sealed class TaskTable(int rememberedTasks, long rememberedBytes)
{
    /// <summary>How many ids of cancelled tasks are kept: a host hears of those that others have, too.</summary>
    internal const int MostCancelled = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServedTask> _running = [];
    private readonly Dictionary<string, ReplyMessage> _ended = [];
    private readonly Queue<ReplyMessage> _endedOrder = [];     // oldest first; those in _ended, each once
    private readonly HashSet<string> _cancelled = [];
    private readonly Queue<string> _cancelledOrder = [];       // oldest first; those in _cancelled, each once, and some that have left it
    private long _bytes;

    public int Running
    {
        get
        {
            lock (_lock) return _running.Count;
        }
    }

    public int Remembered
    {
        get
        {
            lock (_lock) return _ended.Count;
        }
    }

    /// <summary>What is known of a task that was delivered. One that runs is joined by the delivery: it is settled with it.</summary>
    public Knowledge Find(string id, in Delivery delivery, out ReplyMessage? reply)
    {
        lock (_lock) return Find_NeedsLock(id, delivery, out reply);
    }

    /// <summary>Adds a task, unless something has become known of its id since <see cref="Find"/>.</summary>
    /// <returns>What was known. None: it was added.</returns>
    public Knowledge Add(ServedTask task, out ReplyMessage? reply)
    {
        lock (_lock)
        {
            AssertInvariants_NeedsLock();
            var known = Find_NeedsLock(task.Id, task.Deliveries[0], out reply);
            if (known == Knowledge.None) _running.Add(task.Id, task);
            return known;
        }
    }

    /// <summary>The submitter cancels a task. If it is not known yet, the id is remembered.</summary>
    /// <returns>The task, if it runs: it is to be told.</returns>
    public ServedTask? Cancel(string id)
    {
        lock (_lock)
        {
            AssertInvariants_NeedsLock();
            if (_running.TryGetValue(id, out var task)) return task;
            if (_ended.ContainsKey(id) || !_cancelled.Add(id)) return null;
            _cancelledOrder.Enqueue(id);
            if (_cancelledOrder.Count > MostCancelled) _cancelled.Remove(_cancelledOrder.Dequeue());
            return null;
        }
    }

    /// <summary>The task has ended with a reply.</summary>
    /// <returns>The deliveries that are to be answered.</returns>
    public DeliveryList End(ServedTask task, ReplyMessage reply)
    {
        lock (_lock)
        {
            AssertInvariants_NeedsLock();
            if (task.Phase == TaskPhase.Running)
            {
                task.Phase = TaskPhase.Ended;
                _running.Remove(task.Id);
                Remember_NeedsLock(reply);
                return task.Deliveries;
            }

            // It had gone back because it did not stop in time. The reply is good all the same, unless the task runs here again.
            if (!_running.ContainsKey(task.Id)) Remember_NeedsLock(reply);
            return default;
        }
    }

    /// <summary>Remembers the reply to a task that was never run here.</summary>
    public void Remember(ReplyMessage reply)
    {
        lock (_lock)
        {
            AssertInvariants_NeedsLock();
            if (!_running.ContainsKey(reply.TaskId)) Remember_NeedsLock(reply);
        }
    }

    /// <summary>The task goes back to the broker.</summary>
    /// <returns>The deliveries that are to be given back; none if it had ended.</returns>
    public DeliveryList Return(ServedTask task)
    {
        lock (_lock)
        {
            AssertInvariants_NeedsLock();
            if (task.Phase != TaskPhase.Running) return default;
            task.Phase = TaskPhase.Returned;
            _running.Remove(task.Id);
            return task.Deliveries;
        }
    }

    /// <summary>The tasks that run, oldest first.</summary>
    public List<ServedTask> RunningTasks()
    {
        List<ServedTask> tasks;
        lock (_lock) tasks = [.. _running.Values];
        tasks.Sort(static (one, other) => one.Since.CompareTo(other.Since));
        return tasks;
    }

    /// <summary>The tasks that were delivered before a moment, each once.</summary>
    public List<ServedTask> TakeOverdue(long deliveredBefore)
    {
        List<ServedTask> overdue = [];
        lock (_lock)
        {
            foreach (var task in _running.Values)
            {
                if (task.IsWarnedOf || task.Since > deliveredBefore) continue;
                task.IsWarnedOf = true;
                overdue.Add(task);
            }
        }

        return overdue;
    }

    private Knowledge Find_NeedsLock(string id, in Delivery delivery, out ReplyMessage? reply)
    {
        reply = null;
        if (_running.TryGetValue(id, out var task))
        {
            task.Deliveries.Add(delivery);
            return Knowledge.Running;
        }

        if (_ended.TryGetValue(id, out reply)) return Knowledge.Ended;
        return _cancelled.Contains(id) ? Knowledge.Cancelled : Knowledge.None;
    }

    private void Remember_NeedsLock(ReplyMessage reply)
    {
        if (rememberedTasks == 0 || reply.Size > rememberedBytes || !_ended.TryAdd(reply.TaskId, reply)) return;
        _endedOrder.Enqueue(reply);
        _bytes += reply.Size;
        while (_ended.Count > rememberedTasks || _bytes > rememberedBytes)
        {
            var oldest = _endedOrder.Dequeue();
            _ended.Remove(oldest.TaskId);
            _bytes -= oldest.Size;
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_ended.Count == _endedOrder.Count, "each reply that is kept has its turn to go");
        Debug.Assert(_ended.Count <= rememberedTasks && _bytes <= rememberedBytes && _bytes >= 0, "the bounds hold");
        Debug.Assert(_cancelled.Count <= _cancelledOrder.Count && _cancelledOrder.Count <= MostCancelled, "the bound holds");
    }
}
