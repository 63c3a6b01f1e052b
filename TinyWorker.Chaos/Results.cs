using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Chaos;

/// <summary>Counts what has happened and what has failed. Thread-safe.</summary>
internal sealed class Results
{
    private const int MostPrintedFailures = 20;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, int> _failures = new();
    private readonly (long Yielded, long Taken)[] _mapItems = new (long, long)[Round.Troupes];
    private long _accepted, _samples, _kills, _freezes, _maps, _mapItemsInAll, _largestHeap;
    private long _succeeded, _faulted, _canceled;
    private readonly long[] _behaviours = new long[Enum.GetValues<Behaviour>().Length];
    private long _timeouts, _crashes, _again, _abandoned, _begunByProcesses;
    private long _keyed, _forEach, _pauses, _checkedPauses, _resizes, _recycled;
    private int _printedFailures;

    public int Rounds { get; set; }

    public bool HasFailed => !_failures.IsEmpty;

    public long FailuresSoFar => _failures.Values.Sum();

    /// <summary>How many of the tasks sent to worker processes did not start there: they were taken back, or their process died.</summary>
    private long Returned => CountingJson.Written - _begunByProcesses;

    public long AllAccepted => Volatile.Read(ref _accepted) + Volatile.Read(ref _mapItemsInAll);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void Sampled() => Interlocked.Increment(ref _samples);

    public void Killed() => Interlocked.Increment(ref _kills);

    public void Froze() => Interlocked.Increment(ref _freezes);

    public void Abandoned(int workers) => Interlocked.Add(ref _abandoned, workers);

    public void Paused(bool isChecked)
    {
        Interlocked.Increment(ref _pauses);
        if (isChecked) Interlocked.Increment(ref _checkedPauses);
    }

    public void Resized() => Interlocked.Increment(ref _resizes);

    public void Recycled() => Interlocked.Increment(ref _recycled);

    public void MapEnded() => Interlocked.Increment(ref _maps);

    public void MapTook(int troupe) => Interlocked.Increment(ref _mapItems[troupe].Taken);

    public void MapYielded(int troupe)
    {
        Interlocked.Increment(ref _mapItems[troupe].Yielded);
        Interlocked.Increment(ref _mapItemsInAll);
    }

    /// <summary>How many items the maps over a troupe have yielded in this round, and how many they have read.</summary>
    public (long Yielded, long Taken) MapItemsOf(int troupe) => _mapItems[troupe];

    public void BeginRound()
    {
        Rounds++;
        Array.Clear(_mapItems);
    }

    /// <summary>For the audit: to be called by one thread only.</summary>
    public void Ended(Entry entry, int runs)
    {
        var (status, behaviour, exception) = (entry.Future.Status, entry.Stage.Plan.BehaviourOf(entry.Id), entry.Future.Exception);
        if (status == TinyFutureStatus.Succeeded) _succeeded++;
        else if (status == TinyFutureStatus.Faulted) _faulted++;
        else _canceled++;
        if (runs > 0) _behaviours[(int)behaviour]++;
        if (runs > entry.Siblings) _again++;
        if (runs > 0 && entry.Key >= 0) _keyed++;
        if (runs > 0 && entry.IsForEach) _forEach++;
        if (exception is TimeoutException) _timeouts++;
        if (exception is WorkerCrashedException) _crashes++;
    }

    /// <summary>For the audit: to be called by one thread only.</summary>
    public void BegunByProcesses(int runs) => _begunByProcesses += runs;

    public void Fail(string kind, string what)
    {
        _failures.AddOrUpdate(kind, 1, static (_, count) => count + 1);
        if (Interlocked.Increment(ref _printedFailures) <= MostPrintedFailures) Console.WriteLine($"FAILED ({kind}): {what}");
    }

    /// <summary>Fails if something never happened: then the run has tested nothing of that kind.</summary>
    public void CheckThatThereWasChaos()
    {
        (string What, long Count)[] wanted =
        [
            ("success", _succeeded), ("fault", _faulted), ("cancellation", _canceled), ("kill", _kills), ("map", _maps),
            ("task that came back from a process", Returned), ("task with a key", _keyed), ("task for every worker", _forEach),
            ("pause during which nothing may start", _checkedPauses), ("resize", _resizes),
            ("worker that was to be replaced", _recycled),
        ];
        foreach (var (what, count) in wanted)
            if (count == 0) Fail("not tried", $"there was no {what}");
    }

    public void PrintProgress()
    {
        var heap = GC.GetTotalMemory(forceFullCollection: false);
        _largestHeap = Math.Max(_largestHeap, heap);
        Console.WriteLine(
            $"{_clock.Elapsed:hh\\:mm\\:ss} round {Rounds}: {AllAccepted:N0} tasks, {_maps:N0} maps, "
            + $"{_kills:N0} kills, {_freezes:N0} freezes, {_samples:N0} snapshots; "
            + $"heap {heap >> 20} MB, {Process.GetCurrentProcess().Threads.Count} threads, {Leftovers.Children()} children; "
            + $"{FailuresSoFar:N0} failures");
    }

    public void PrintSummary()
    {
        Console.WriteLine(
            $"submitted tasks: {_succeeded:N0} succeeded, {_faulted:N0} faulted ({_timeouts:N0} timeouts, {_crashes:N0} crashes), "
            + $"{_canceled:N0} cancelled; {_again:N0} ran again after a crash, as they may");
        Console.WriteLine(
            $"workers: {CountOf(Behaviour.Throw):N0} threw, {CountOf(Behaviour.RunUntilCancelled):N0} stopped by their token, "
            + $"{CountOf(Behaviour.Hang):N0} hung ({_abandoned:N0} threads and loops abandoned), "
            + $"{CountOf(Behaviour.Crash) + CountOf(Behaviour.CrashOnce):N0} crashed by themselves, "
            + $"{_kills:N0} killed and {_freezes:N0} frozen from outside");
        Console.WriteLine(
            $"troupes: {_pauses:N0} pauses, in {_checkedPauses:N0} of them nothing ran any more and nothing started, {_resizes:N0} resizes, "
            + $"{_recycled:N0} workers that were to be replaced; "
            + $"{_keyed:N0} tasks with a key and {_forEach:N0} for every worker");
        Console.WriteLine($"worker processes: {CountingJson.Written:N0} tasks sent, {Returned:N0} came back without having started");
    }

    public string LastLine(long seed) =>
        (HasFailed ? "chaos FAILED" : "chaos passed")
        + $": seed {seed}, {_clock.Elapsed.TotalSeconds:N0} s, {Rounds} rounds, {AllAccepted:N0} tasks, "
        + (HasFailed
            ? string.Join(", ", _failures.Select(failure => $"{failure.Key}: {failure.Value}"))
            : "lost 0, run twice 0, wrong 0, left behind 0");

    private long CountOf(Behaviour behaviour) => _behaviours[(int)behaviour];
}
