using TinyWorker.Threading;
using static TinyWorker.Tests.Schedules.ProgramRun;

namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Small programs for the tests of the scheduler. Each runs a toy with one bug that only some schedules show, or its correct twin. The toys
/// use the same scheduling points as the core.
/// </summary>
internal static class BrokenToys
{
    public static void GateThatLosesAWakeUp(bool isBroken)
    {
        var gate = new ToyGate(isBroken);
        Together(Pass, Pass, Pass);

        void Pass()
        {
            gate.Enter();
            gate.Leave();
        }
    }

    public static void FutureThatForgetsADependent(bool isBroken)
    {
        var future = new ToyFuture(isBroken);
        var notified = 0;
        Together(
            future.Complete,
            () => future.AddDependent(() => notified++),
            () => future.AddDependent(() => notified++));
        Assert.That(notified, Is.EqualTo(2), "dependents that were notified");
    }

    public static void GateThatKeepsThePlaceOfAWithdrawnTicket(bool isBroken)
    {
        var gate = new ToyTicketGate(isBroken);
        Together(
            () =>
            {
                var ticket = gate.Queue();
                Scheduler.Until(() => gate.HasEntered(ticket), "a place");
                gate.Leave();
            },
            () =>
            {
                var ticket = gate.Queue();
                if (!gate.TryWithdraw(ticket)) gate.Leave();
            });
        Assert.That(gate.IsTaken, Is.False, "the place is taken and nobody is inside");
    }

    public static void SerialQueueThatLeavesAnItem(bool isBroken)
    {
        var queue = new ToySerialQueue(isBroken);
        var ran = 0;
        Together(() => queue.Add(() => ran++), () => queue.Add(() => ran++), () => queue.Add(() => ran++));
        Scheduler.Until(() => ran == 3, "all items have run");
    }

    /// <summary>A gate with one place. A thread that finds it taken parks.</summary>
    private sealed class ToyGate(bool isBroken)
    {
        private readonly object _lock = new();
        private bool _isTaken;   // guarded by _lock

        public void Enter()
        {
            if (TryEnter()) return;
            Schedule.Point();
            lock (_lock)
            {
                // The bug: the place may be free again, and whoever left it pulsed nobody.
                if (isBroken) Schedule.Wait(_lock);
                while (_isTaken) Schedule.Wait(_lock);
                _isTaken = true;
            }
        }

        public void Leave()
        {
            Schedule.Point();
            lock (_lock)
            {
                _isTaken = false;
                Schedule.Pulse(_lock);
            }
        }

        private bool TryEnter()
        {
            Schedule.Point();
            lock (_lock)
            {
                if (_isTaken) return false;
                return _isTaken = true;
            }
        }
    }

    /// <summary>Calls its dependents when it completes, or at once if it has completed already.</summary>
    private sealed class ToyFuture(bool isBroken)
    {
        private readonly Lock _lock = new();
        private readonly List<Action> _dependents = [];   // guarded by _lock
        private bool _isCompleted;                        // written under _lock

        public void Complete()
        {
            Schedule.Point();
            lock (_lock) _isCompleted = true;
            // Nobody adds a dependent any more.
            foreach (var dependent in _dependents) dependent();
        }

        public void AddDependent(Action dependent)
        {
            if (!_isCompleted && TryAdd(dependent)) return;
            dependent();
        }

        private bool TryAdd(Action dependent)
        {
            Schedule.Point();
            lock (_lock)
            {
                // The bug: the future may have completed since the caller looked.
                if (isBroken || !_isCompleted) _dependents.Add(dependent);
                return isBroken || !_isCompleted;
            }
        }
    }

    /// <summary>A gate with one place. Whoever leaves it gives the place to the first ticket in the queue.</summary>
    private sealed class ToyTicketGate(bool isBroken)
    {
        private readonly Lock _lock = new();
        private readonly List<object> _queue = [];   // guarded by _lock

        public bool IsTaken { get; private set; }

        public object Queue()
        {
            var ticket = new object();
            Schedule.Point();
            lock (_lock)
            {
                if (IsTaken || _queue.Count > 0) _queue.Add(ticket);
                else IsTaken = true;
            }

            return ticket;
        }

        public bool HasEntered(object ticket) => !_queue.Contains(ticket);

        public bool TryWithdraw(object ticket)
        {
            Schedule.Point();
            lock (_lock) return _queue.Remove(ticket);
        }

        public void Leave()
        {
            Schedule.Point();
            lock (_lock)
            {
                IsTaken = false;
                if (_queue.Count == 0) return;
            }

            Schedule.Point();
            lock (_lock)
            {
                if (IsTaken) return;   // the queue was empty meanwhile, and somebody came
                // The bug: the ticket may have been withdrawn meanwhile. Then nobody is there to take the place.
                if (_queue.Count == 0 && !isBroken) return;
                IsTaken = true;
                if (_queue.Count > 0) _queue.RemoveAt(0);
            }
        }
    }

    /// <summary>Runs its items one after the other on the pool.</summary>
    private sealed class ToySerialQueue(bool isBroken)
    {
        private readonly Lock _lock = new();
        private readonly Queue<Action> _items = [];   // guarded by _lock
        private bool _isRunning;                      // guarded by _lock

        public void Add(Action item)
        {
            Schedule.Point();
            lock (_lock)
            {
                _items.Enqueue(item);
                if (_isRunning) return;
                _isRunning = true;
            }

            Schedule.Queue(static queue => queue.Run(), this, preferLocal: false);
        }

        private void Run()
        {
            while (TryTake() is { } item) item();
            if (!isBroken) return;
            // The bug: an item may have been added since the look that found none, and nobody runs it.
            Schedule.Point();
            lock (_lock) _isRunning = false;
        }

        private Action? TryTake()
        {
            Schedule.Point();
            lock (_lock)
            {
                if (_items.TryDequeue(out var item)) return item;
                if (!isBroken) _isRunning = false;
                return null;
            }
        }
    }
}
