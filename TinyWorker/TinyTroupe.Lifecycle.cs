using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker;

// The end of a troupe. Three things may befall it: it is closed (takes nothing more; ends what it has), it gets a verdict (an abort, or a
// worker that cannot be made: whatever waits and comes later ends so), and it is drained (closed, and nothing waits: the loops leave).
public sealed partial class TinyTroupe<TIn, TOut>
{
    private Failure? _verdict;   // set once

    internal Failure? Verdict => Volatile.Read(ref _verdict);

    /// <summary>
    /// Stops the troupe: takes no new work, lets every accepted task end, those that wait for their input included, and disposes every
    /// worker. Once the token fires it aborts instead. Returns when all threads are gone, those of abandoned workers excepted.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the stopping.</param>
    /// <returns>When the troupe is gone.</returns>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Close();
        await using var registration = cancellationToken.UnsafeRegister(static troupe => ((TinyTroupe<TIn, TOut>)troupe!).Abort(), this).ConfigureAwait(false);
        await Crew.Gone.ConfigureAwait(false);
        Crew.Join();
    }

    /// <summary>Stops the troupe without a limit of time; see <see cref="StopAsync"/>. Again, or from many threads: all wait for the one teardown.</summary>
    /// <returns>When the troupe is gone.</returns>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    /// <summary>Blocks until the troupe has stopped; see <see cref="StopAsync"/>. That of a troupe of threads needs no thread of the shared pool.</summary>
    /// <exception cref="InvalidOperationException">Called from inside a worker of this troupe.</exception>
    public void Dispose()
    {
        Close();
        Blocking.Wait(Crew.Gone);
        Crew.Join();
    }

    /// <summary>
    /// Cancels what runs (its token fires; after the grace its worker is given up) and ends everything that waits as Canceled. Takes no
    /// new work. Overrules a drain under way. Returns at once; dispose the troupe to wait for the end. May be called from anywhere.
    /// </summary>
    public void Abort()
    {
        RunAround(Gate.Close);
        Condemn(Failure.Cancellation($"The troupe '{Name}' was aborted."));
        Crew.Abort();
    }

    /// <summary>What the troupe is doing now. Takes a moment, whatever the tasks do.</summary>
    /// <returns>The counts; they belong together.</returns>
    public TroupeSnapshot Snapshot()
    {
        var (accepted, waiting, running, succeeded, faulted, canceled) = Count(out var loops);
        return new TroupeSnapshot(
            Name, Capacity, accepted, waiting, running, succeeded, faulted, canceled, Crew.Abandoned, Array.ConvertAll(loops, Describe));
    }

    TroupeLevels IMeteredTroupe.Levels()
    {
        var (_, waiting, running, _, _, _) = Count(out var loops);
        return new TroupeLevels(waiting, running, Array.ConvertAll(loops, StateOf));
    }

    private (long Accepted, int Waiting, int Running, long Succeeded, long Faulted, long Canceled) Count(out Backends.WorkerLoop<TIn, TOut>[] loops)
    {
        // What has ended is read first, what was accepted and what waits, in one step, second: so what runs is never too low. It is too high by
        // what ended in between; if by more than there are workers, the reading took too long and is done again.
        while (true)
        {
            loops = Crew.Loops;
            long succeeded = 0, faulted = Interlocked.Read(ref _faultedOutside), canceled = Interlocked.Read(ref _canceledOutside);
            foreach (var loop in loops)
            {
                Schedule.Point();
                succeeded += loop.Tally.Succeeded;
                faulted += loop.Tally.Faulted;
                canceled += loop.Tally.Canceled;
            }

            var ended = succeeded + faulted + canceled;
            Schedule.Point();
            var (accepted, waiting) = Gate.Read();
            var running = unchecked((int)(accepted - (uint)waiting - (uint)ended));
            if (running > Workers)
            {
                Schedule.Yield();
                Thread.Yield();
                continue;
            }

            return (ended + running + waiting, waiting, running, succeeded, faulted, canceled);
        }
    }

    /// <summary>A worker could not be made: what waits and comes later faults.</summary>
    internal void Break(WorkerStartException cause)
    {
        Crew.Broken(cause);
        Condemn(Failure.Fault(cause));
        Crew.RecallHanded();
    }

    /// <summary>A worker takes the place of another.</summary>
    internal void NoteReplacement(WorkerInfo fresh, string reason)
    {
        Log.WorkerReplaced(Logger, Name, fresh.Index, reason, fresh.Restarts);
        try
        {
            TinyWorkerMeter.Restarted(Name, reason);
        }
        catch (Exception e)
        {
            Log.ListenerFaulted(Logger, Name, e);
        }
    }

    /// <summary>The last worker has left.</summary>
    internal void NoteGone()
    {
        TinyWorkerMeter.Living.Remove(this);
        // Nobody makes a worker any more, and what the user's function has captured may be large: a future that is held keeps the troupe alive.
        Factory = static _ => throw new UnreachableException("A worker was to be made for a troupe that is gone.");
    }

    internal void BeginEnding() => Interlocked.Increment(ref _ending);

    internal void FinishEnding()
    {
        Schedule.Point();
        if (Interlocked.Decrement(ref _ending) > 0) return;
        Crew.End();
        Queue.Complete();
    }

    /// <summary>A task has ended while it waited.</summary>
    internal void DropShells()
    {
        if (!Queue.TryDropShells(_waiting, static item => item.IsCompleted, Crew.WaitForTakers)) return;
        // What moved on was out of the sight of a verdict.
        if (Verdict is { } verdict) EndQueued(verdict);
    }

    /// <summary>Ends what is in the channel.</summary>
    internal void EndQueued(Failure verdict)
    {
        Schedule.Point();
        while (Queue.TryTake(out var item)) item.TryEndWaiting(verdict);
    }

    /// <summary>Counts a task that somebody other than its worker ended.</summary>
    internal void CountOutside(Failure failure)
    {
        if (failure.IsCancellation) Interlocked.Increment(ref _canceledOutside);
        else Interlocked.Increment(ref _faultedOutside);
    }

    private long _faultedOutside;
    private long _canceledOutside;
    private int _ending = 1;   // waiting tasks that are just being ended, and one until the gate is drained

    private void Close()
    {
        if (IsInsideWorker)
        {
            throw new InvalidOperationException(
                $"A worker of '{Name}' tried to stop its own troupe, which would wait for itself for ever. Stop it from outside, or call Abort() here.");
        }

        RunAround(Gate.Close);
    }

    // The gate tells that nobody waits. What was ended while it waited may not quite have ended.
    private void OnDrained() => FinishEnding();

    // The verdict is set first and what waits is ended afterwards; an item enters the channel or the waiting room first and looks for a
    // verdict afterwards (both entrances end with a full fence). So one of the two finds the item.
    private void Condemn(Failure verdict)
    {
        Schedule.Point();
        Interlocked.CompareExchange(ref _verdict, verdict, null);
        EndQueued(_verdict!);
        foreach (var item in WaitingRoom.TakeAll()) item.TryEndWaiting(_verdict!);
    }

    private void RunAround(Action step)
    {
        Backend.Submitting();
        step();
        Backend.Submitted(isRunning: null);
    }

    private static WorkerState StateOf(Backends.WorkerLoop<TIn, TOut> loop) => loop.Phase switch
    {
        Backends.WorkerPhase.Starting => WorkerState.Starting,
        Backends.WorkerPhase.Working => loop.IsBusy ? WorkerState.Busy : WorkerState.Idle,
        _ => WorkerState.Stopped,
    };

    private static WorkerSnapshot Describe(Backends.WorkerLoop<TIn, TOut> loop)
    {
        var tally = loop.Tally;
        var remote = loop.Remote;
        return new WorkerSnapshot(
            loop.Info.Index, StateOf(loop), tally.Succeeded + tally.Faulted + tally.Canceled, loop.Restarts,
            remote?.ProcessId, remote?.ResidentBytes);
    }
}
