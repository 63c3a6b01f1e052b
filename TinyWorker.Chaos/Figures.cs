using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Chaos;

/// <summary>What has happened so far, and what has gone wrong. Thread-safe.</summary>
internal sealed class Figures
{
    private const int FailuresTold = 20;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, int> _failures = new();
    private readonly (long Yielded, long Taken)[] _mapItems = new (long, long)[Round.Troupes];
    private long _accepted, _samples, _kills, _freezes, _maps, _mapItemsInAll, _largestHeap;
    private long _succeeded, _faulted, _canceled;
    private readonly long[] _deeds = new long[Enum.GetValues<Deed>().Length];
    private long _timeouts, _crashes, _again, _abandoned, _begunByProcesses;
    private int _told;

    public int Rounds { get; set; }

    public bool HasFailed => !_failures.IsEmpty;

    public long FailuresSoFar => _failures.Values.Sum();

    /// <summary>Of the tasks that were handed to worker processes, those that these have not begun: they were asked for, or their process was lost.</summary>
    private long Returned => CountingJson.Written - _begunByProcesses;

    public long AllAccepted => Volatile.Read(ref _accepted) + Volatile.Read(ref _mapItemsInAll);

    public void Accepted() => Interlocked.Increment(ref _accepted);

    public void Sampled() => Interlocked.Increment(ref _samples);

    public void Killed() => Interlocked.Increment(ref _kills);

    public void Froze() => Interlocked.Increment(ref _freezes);

    public void Abandoned(int workers) => Interlocked.Add(ref _abandoned, workers);

    public void MapEnded() => Interlocked.Increment(ref _maps);

    public void MapTook(int troupe) => Interlocked.Increment(ref _mapItems[troupe].Taken);

    public void MapYielded(int troupe)
    {
        Interlocked.Increment(ref _mapItems[troupe].Yielded);
        Interlocked.Increment(ref _mapItemsInAll);
    }

    /// <summary>How many items of maps a troupe has had in this round: those whose end was seen, and those that were read.</summary>
    public (long Yielded, long Taken) MapItemsOf(int troupe) => _mapItems[troupe];

    public void BeginRound()
    {
        Rounds++;
        Array.Clear(_mapItems);
    }

    /// <summary>For the audit, one thread.</summary>
    public void Ended(TinyFutureStatus status, Deed deed, Exception? exception, int runs)
    {
        if (status == TinyFutureStatus.Succeeded) _succeeded++;
        else if (status == TinyFutureStatus.Faulted) _faulted++;
        else _canceled++;
        if (runs > 0) _deeds[(int)deed]++;
        if (runs > 1) _again++;
        if (exception is TimeoutException) _timeouts++;
        if (exception is WorkerCrashedException) _crashes++;
    }

    /// <summary>For the audit, one thread.</summary>
    public void BegunByProcesses(int runs) => _begunByProcesses += runs;

    public void Fail(string kind, string what)
    {
        _failures.AddOrUpdate(kind, 1, static (_, count) => count + 1);
        if (Interlocked.Increment(ref _told) <= FailuresTold) Console.WriteLine($"WRONG ({kind}): {what}");
    }

    /// <summary>What must have happened, or nothing was tried.</summary>
    public void CheckThatThereWasChaos()
    {
        foreach (var (what, count) in new[] { ("success", _succeeded), ("fault", _faulted), ("cancel", _canceled), ("kill", _kills), ("map", _maps), ("return of a task from a process", Returned) })
            if (count == 0) Fail("nothing tried", $"there was no {what}");
    }

    public void TellProgress()
    {
        var heap = GC.GetTotalMemory(forceFullCollection: false);
        _largestHeap = Math.Max(_largestHeap, heap);
        Console.WriteLine(
            $"{_clock.Elapsed:hh\\:mm\\:ss} round {Rounds}: {AllAccepted:N0} tasks, {_maps:N0} maps, {_kills:N0} kills, {_freezes:N0} freezes, {_samples:N0} snapshots; "
            + $"heap {heap >> 20} MB, {Process.GetCurrentProcess().Threads.Count} threads, {Leftovers.Children()} children; {FailuresSoFar:N0} wrong");
    }

    public void TellAll()
    {
        Console.WriteLine(
            $"submitted one by one: {_succeeded:N0} succeeded, {_faulted:N0} faulted ({_timeouts:N0} timeouts, {_crashes:N0} crashes), {_canceled:N0} cancelled; {_again:N0} ran again, as they may");
        Console.WriteLine(
            $"workers: {_deeds[(int)Deed.Throw]:N0} throws, {_deeds[(int)Deed.Obey]:N0} stopped by their token, {_deeds[(int)Deed.Hang]:N0} hangs ({_abandoned:N0} threads and loops abandoned), "
            + $"{_deeds[(int)Deed.Die] + _deeds[(int)Deed.DieOnce]:N0} deaths of their own, {_kills:N0} kills and {_freezes:N0} freezes from outside");
        Console.WriteLine($"processes: {CountingJson.Written:N0} times a task was handed to one, {Returned:N0} times it came back unbegun");
    }

    public string Verdict(long seed) =>
        (HasFailed ? "chaos FAILED" : "chaos held") + $": seed {seed}, {_clock.Elapsed.TotalSeconds:N0} s, {Rounds} rounds, {AllAccepted:N0} tasks, "
        + (HasFailed ? string.Join(", ", _failures.Select(failure => $"{failure.Key}: {failure.Value}")) : "lost 0, run twice 0, wrong 0, left behind 0");
}
