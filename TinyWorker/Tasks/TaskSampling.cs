using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// What a troupe keeps for those who watch it: the times of some tasks, the last faults, and the names of its input troupes. The core has
/// one while somebody watches, and none else. All who watch share it; each has read as far as its <see cref="SamplingCursor"/>. It holds
/// nothing of the troupe: a watch may hold it.
/// </summary>
/// <remarks>
/// It begins with one who watches, and counts them. When the last has left it is over, for good: who comes later gets a new one. The core
/// drops one that is over when it meets it. Which tasks are measured is decided where they are submitted, for there the wait begins. The
/// submitters count for themselves, by thread, so that they do not slow each other down: two threads that share a count may lose a task in
/// it, which does no harm. A task that is measured has an <see cref="ItemTelemetry"/>, as one that listeners are told of; no other task
/// knows of the watch.
/// </remarks>
internal sealed class TaskSampling(TimeProvider clock)
{
    /// <summary>One of so many tasks is measured.</summary>
    public const int Every = 64;

    private const int MostTimes = 1024;
    private const int Counts = 16;         // each for the threads with the same last digits
    private const int CacheLine = 16;      // in counts

    private readonly uint[] _counts = new uint[(Counts + 1) * CacheLine];   // the first line has the length, which all read
    private readonly Lock _lock = new();
    private readonly Recent<TimeSpan> _waits = new(MostTimes);   // guarded by _lock
    private readonly Recent<TimeSpan> _runs = new(MostTimes);    // guarded by _lock
    private readonly FaultTexts _faults = new(clock);
    private readonly InputTroupes _inputs = new();
    private int _watches = 1;   // 0 for good, once it is over

    /// <summary>What there is to see of a troupe that cannot be watched.</summary>
    public static TroupeObservation Nothing { get; } =
        new() { Waits = new SampledTimes([]), Runs = new SampledTimes([]), Faults = [], Inputs = [] };

    /// <summary>Whether nobody watches any more.</summary>
    public bool IsOver => Volatile.Read(ref _watches) == 0;

    /// <summary>One more watches. False if it is over.</summary>
    public bool TryJoin()
    {
        for (var seen = Volatile.Read(ref _watches); seen > 0;)
        {
            Schedule.Point();
            var before = Interlocked.CompareExchange(ref _watches, seen + 1, seen);
            if (before == seen) return true;
            seen = before;
        }

        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _watches);

    /// <summary>Whether the task that this thread submits now is to be measured.</summary>
    public bool TakesNext()
    {
        ref var count = ref _counts[(1 + ((uint)Environment.CurrentManagedThreadId % Counts)) * CacheLine];
        return ++count % Every == 0;
    }

    public void AddWait(TimeSpan wait)
    {
        using (Uninterrupted.Enter(_lock)) _waits.Add(wait);
    }

    public void AddRun(TimeSpan run)
    {
        using (Uninterrupted.Enter(_lock)) _runs.Add(run);
    }

    /// <param name="exception">The fault of a task. No code of it runs here.</param>
    /// <param name="worker">Whose task it was; null if it ended without a worker.</param>
    public void AddFault(Exception exception, int? worker) => _faults.Add(exception, worker);

    public void AddInput(IFutureNode input) => _inputs.Add(input);

    /// <summary>Where one begins to read who watches from now on.</summary>
    public SamplingCursor Now()
    {
        var cursor = default(SamplingCursor);
        Since(ref cursor);
        return cursor;
    }

    /// <summary>What came since then; the cursor moves on.</summary>
    public TroupeObservation Since(ref SamplingCursor cursor)
    {
        TimeSpan[] waits, runs;
        using (Uninterrupted.Enter(_lock)) (waits, runs) = (_waits.Since(ref cursor.Waits), _runs.Since(ref cursor.Runs));
        return new TroupeObservation
        {
            Waits = new SampledTimes(waits),
            Runs = new SampledTimes(runs),
            Faults = _faults.Since(ref cursor.Faults),
            Inputs = _inputs.Since(ref cursor.Inputs),
        };
    }
}

/// <summary>How far one who watches has read.</summary>
internal struct SamplingCursor
{
    public long Waits;
    public long Runs;
    public long Faults;
    public long Inputs;
}

/// <summary>The last values of a sequence. Not thread-safe.</summary>
/// <param name="most">How many are kept.</param>
internal sealed class Recent<T>(int most)
{
    private readonly T[] _values = new T[most];   // the value with the number n is at n % most
    private long _added;

    public void Add(T value) => _values[_added++ % most] = value;

    /// <summary>The values from this number on, as far as they are kept; the number becomes that of the next value.</summary>
    public T[] Since(ref long number)
    {
        var values = new T[Math.Min(_added - number, most)];
        for (var i = 0; i < values.Length; i++) values[i] = _values[(_added - values.Length + i) % most];
        number = _added;
        return values;
    }
}
