using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace TinyWorker.Chaos;

/// <summary>What a worker has found wrong with a key.</summary>
internal enum KeyFault
{
    /// <summary>A task has begun while another with its key ran.</summary>
    Overlap = 1,

    /// <summary>A task has begun after one that was accepted after it.</summary>
    Order,

    /// <summary>A task has begun at another place than the one before it.</summary>
    Place,
}

/// <summary>
/// How often each task was run, and how the tasks of each key follow one another. That is in a file that this process and all worker
/// processes map into memory, so that what a worker has noted is kept even if the worker is killed.
/// </summary>
internal sealed unsafe class RunCounts : IDisposable
{
    private const int MostNoted = 1000;
    private const int Size = (2 * Round.Tasks) + Round.Troupes + (Round.Troupes * Plan.Keys * KeyState.Size) + 1 + (3 * MostNoted);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int* _counts;
    private readonly int* _orders;   // the place of each task among those with its key; -1 for any; 0 for no key
    private readonly int* _begun;    // by each troupe
    private readonly int* _keys;
    private readonly int* _noted;    // how many, and then three numbers for each

    public RunCounts(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _counts = (int*)start;
        _orders = _counts + Round.Tasks;
        _begun = _orders + Round.Tasks;
        _keys = _begun + Round.Troupes;
        _noted = _keys + (Round.Troupes * Plan.Keys * KeyState.Size);
    }

    public static void Make(string path)
    {
        using var file = File.Create(path);
        file.SetLength((long)Size * sizeof(int));
    }

    public int this[int task] => Volatile.Read(ref _counts[task]);

    /// <summary>What workers have found wrong: the fault, the task that began, and the other one.</summary>
    public IEnumerable<(KeyFault Fault, int Task, int Other)> Noted =>
        Enumerable.Range(0, Math.Min(Volatile.Read(ref _noted[0]), MostNoted)).Select(NotedAt);

    /// <returns>The number of this run: 1 for the first.</returns>
    public int Count(int task)
    {
        Interlocked.Increment(ref _begun[Round.TroupeOf(task)]);
        return Interlocked.Increment(ref _counts[task]);
    }

    /// <summary>How often a task of the troupe was begun.</summary>
    public int BegunBy(int troupe) => Volatile.Read(ref _begun[troupe]);

    public void SetOrder(int task, int order) => Volatile.Write(ref _orders[task], order);

    /// <param name="task">The task that begins.</param>
    /// <param name="key">Its key.</param>
    /// <param name="place">Where it runs.</param>
    public void BeginOfKey(int task, int key, int place)
    {
        var order = Volatile.Read(ref _orders[task]);
        if (order == 0) return;   // of a map, or one of those for every worker
        ref var state = ref StateOf(task, key);
        var other = Interlocked.Exchange(ref state.Running, task + 1) - 1;
        var process = Interlocked.Exchange(ref state.Process, Environment.ProcessId);
        if (other >= 0 && (process == Environment.ProcessId || IsAlive(process))) Note(KeyFault.Overlap, task, other);
        if (Interlocked.Exchange(ref state.Place, place + 1) is var before and > 0 && before != place + 1)
            Note(KeyFault.Place, task, state.Last - 1);
        if (order < 0) return;
        if (order < Interlocked.Exchange(ref state.Order, order)) Note(KeyFault.Order, task, state.Last - 1);
        state.Last = task + 1;
    }

    public void EndOfKey(int task, int key) => Interlocked.CompareExchange(ref StateOf(task, key).Running, 0, task + 1);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    // Of a process that was killed nothing is left but, for a moment, its entry in the table of processes.
    private static bool IsAlive(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private ref KeyState StateOf(int task, int key) =>
        ref *(KeyState*)(_keys + (((Round.TroupeOf(task) * Plan.Keys) + key) * KeyState.Size));

    private void Note(KeyFault fault, int task, int other)
    {
        var number = Interlocked.Increment(ref _noted[0]) - 1;
        if (number >= MostNoted) return;
        var note = _noted + 1 + (3 * number);
        (note[0], note[1], note[2]) = ((int)fault, task, other);
    }

    private (KeyFault Fault, int Task, int Other) NotedAt(int number)
    {
        var note = _noted + 1 + (3 * number);
        return ((KeyFault)note[0], note[1], note[2]);
    }

    /// <summary>What is known of a key. Tasks and places are counted from 1, so that 0 is none.</summary>
    private struct KeyState
    {
        public const int Size = 5;

        public int Running;
        public int Process;   // that runs it
        public int Place;
        public int Order;     // of the last task that has one
        public int Last;      // that task
    }
}
