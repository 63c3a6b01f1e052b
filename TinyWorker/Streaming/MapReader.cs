using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TinyWorker.Backends;
using TinyWorker.Futures;
using TinyWorker.Queueing;

namespace TinyWorker.Streaming;

/// <summary>
/// A map: reads the source, submits, and yields each item when its task has ended. Nothing runs beside it: the source is read by the one who
/// enumerates, inside MoveNext, so there is nothing to hand over, to stop, or to leave behind.
/// </summary>
/// <remarks>
/// Each MoveNext reads at least one item, if the source has one and the window room, and reads on until the window is full or there is
/// something to yield. So the window stays as full as it was while the consumer works, and no finished item is held back by a
/// full window. Where items end so fast that to wake a thread takes longer, a consumer that blocks is woken for several at once, a millisecond
/// late at most (<see cref="ArrivalPace"/>). However the enumeration ends, what is outstanding is cancelled and waited for, and then the source is disposed.
/// </remarks>
internal static class MapReader
{
    public static IEnumerable<MapItem<TIn, TOut>> Read<TIn, TOut>(ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options)
    {
        var progress = Reporter<TIn>(options, source);
        var window = Window(troupe, options, progress);
        IEnumerator<TIn>? reader = null;
        (MapItem<TIn, TOut> Item, SignallingTicket Ticket)? queued = null;   // read, and not yet accepted by a full troupe
        ExceptionDispatchInfo? sourceError = null;
        var isRead = false;
        long index = 0;
        var spin = new LearnedSpin();
        var pace = new ArrivalPace(WorkersOf(troupe));
        Func<bool> isThere = () => window.HasReady || queued is { Ticket.Outcome: not null };
        try
        {
            while (true)
            {
                if (queued is { Ticket.Outcome: not null }) Accept();
                var mustRead = true;
                while (!isRead && queued is null && window.HasRoom && (mustRead || !window.HasReady))
                {
                    mustRead = false;
                    TryRead();
                }

                if (window.TryTake() is { } item) yield return item;
                else if (window.Count > 0 || queued is not null) WaitForOne(window, spin, pace, isThere, yielded: index - window.Count - (queued is null ? 0 : 1));
                else if (isRead) break;
            }

            sourceError?.Throw();
        }
        finally
        {
            try
            {
                queued?.Ticket.Cancel();
                if (queued is { Ticket.Outcome: AdmissionTicket.End.Entered, Item: var late }) window.Add(late);
                (troupe as TinyTroupe<TIn, TOut>)?.Maps.Remove(window);
                Leave(window);
            }
            finally
            {
                try
                {
                    reader?.Dispose();
                }
                finally
                {
                    progress?.End();
                }
            }
        }

        void TryRead()
        {
            try
            {
                window.WaitsFor = MapWait.Source;
                reader ??= source.GetEnumerator();
                var hasNext = reader.MoveNext();
                window.WaitsFor = MapWait.Consumer;
                if (!hasNext)
                {
                    isRead = true;
                    return;
                }

                var input = reader.Current;
                SignallingTicket? ticket = null;
                TinyFuture<TOut> future;
                if (troupe is TinyTroupe<TIn, TOut> own) ticket = own.SubmitOrQueue(input, window.Signal, out future);
                else future = troupe.Submit(input);
                var item = new MapItem<TIn, TOut>(window, index++, input, future);
                if (ticket is null) window.Add(item);
                else queued = (item, ticket);
            }
            catch (Exception e)
            {
                sourceError = ExceptionDispatchInfo.Capture(e);
                isRead = true;
            }
        }

        void Accept()
        {
            var (item, ticket) = queued!.Value;
            queued = null;
            if (ticket.Outcome == AdmissionTicket.End.Entered)
            {
                window.Add(item);
                return;
            }

            // Stopped meanwhile.
            sourceError = ExceptionDispatchInfo.Capture(((TinyTroupe<TIn, TOut>)troupe).Stopped());
            isRead = true;
        }
    }

    public static async IAsyncEnumerable<MapItem<TIn, TOut>> ReadAsync<TIn, TOut>(
        ITinyTroupe<TIn, TOut> troupe, IAsyncEnumerable<TIn> source, object countedSource, MapOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // The source and a full troupe are asked with a token of the map's own: it fires however the map ends.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var progress = Reporter<TIn>(options, countedSource);
        var window = Window(troupe, options, progress);
        IAsyncEnumerator<TIn>? reader = null;
        Task<MapItem<TIn, TOut>?>? reading = null;   // under way: a source, or a troupe, that takes its time
        ExceptionDispatchInfo? sourceError = null;
        var isRead = false;
        long index = 0;
        await using var registration = ending.Token.UnsafeRegister(static signal => ((Signal)signal!).Set(), window.Signal).ConfigureAwait(false);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var mustRead = true;
                while (!isRead && window.HasRoom && (mustRead || !window.HasReady))
                {
                    mustRead = false;
                    window.WaitsFor = MapWait.Source;   // it may answer at once, after a long time
                    var read = reading is null ? ReadOneAsync() : new ValueTask<MapItem<TIn, TOut>?>(reading);
                    window.WaitsFor = MapWait.Consumer;
                    if (!read.IsCompleted)
                    {
                        reading ??= SignalWhenDone(read.AsTask(), window.Signal);
                        break;
                    }

                    reading = null;
                    try
                    {
                        if (await read.ConfigureAwait(false) is { } next) window.Add(next);
                        else isRead = true;
                    }
                    catch (Exception e)
                    {
                        sourceError = ExceptionDispatchInfo.Capture(e);
                        isRead = true;
                    }
                }

                if (window.TryTake() is { } item)
                {
                    yield return item;
                    continue;
                }

                if (window.Count == 0 && isRead) break;
                RefuseToStarve(window);
                window.PrepareToWait();
                window.WaitsFor = reading is null ? MapWait.Task : MapWait.Source;
                await window.Signal.WaitAsync().ConfigureAwait(false);
                window.WaitsFor = MapWait.Consumer;
            }

            sourceError?.Throw();
        }
        finally
        {
            try
            {
                (troupe as TinyTroupe<TIn, TOut>)?.Maps.Remove(window);
                await CancelAsync(ending).ConfigureAwait(false);
                await LeaveAsync(window).ConfigureAwait(false);
                if (reading is not null) await EndedAsync(reading, window).ConfigureAwait(false);
            }
            finally
            {
                try
                {
                    if (reader is not null) await reader.DisposeAsync().ConfigureAwait(false);
                }
                finally
                {
                    if (progress is not null) await progress.EndAsync().ConfigureAwait(false);
                }
            }
        }

        async ValueTask<MapItem<TIn, TOut>?> ReadOneAsync()
        {
            reader ??= source.GetAsyncEnumerator(ending.Token);
            if (!await reader.MoveNextAsync().ConfigureAwait(false)) return null;
            if (ending.IsCancellationRequested) return null;   // read too late: nobody wants it any more
            var input = reader.Current;
            if (troupe is not TinyTroupe<TIn, TOut> own || !own.TrySubmit(input, out var future))
                future = await troupe.SubmitAsync(input, ending.Token).ConfigureAwait(false);
            return new MapItem<TIn, TOut>(window, index++, input, future);
        }
    }

    private static ProgressReporter? Reporter<TIn>(MapOptions options, object source) => options.Progress is { } progress
        ? new ProgressReporter(progress, source is IEnumerable<TIn> counted && counted.TryGetNonEnumeratedCount(out var count) ? count : null)
        : null;

    private static MapWindow<TIn, TOut> Window<TIn, TOut>(ITinyTroupe<TIn, TOut> troupe, MapOptions options, ProgressReporter? progress)
    {
        var size = options.Window ?? (int)Math.Min(int.MaxValue, (long)MapOptions.WindowPerWorker * WorkersOf(troupe));
        MapWindow<TIn, TOut> window = options.Ordered ? new OrderedWindow<TIn, TOut>(size, progress) : new UnorderedWindow<TIn, TOut>(size, progress);
        (troupe as TinyTroupe<TIn, TOut>)?.Maps.Add(window);
        return window;
    }

    private static int WorkersOf<TIn, TOut>(ITinyTroupe<TIn, TOut> troupe) =>
        troupe is TinyTroupe<TIn, TOut> own ? own.Workers : Environment.ProcessorCount;

    private static void WaitForOne<TIn, TOut>(MapWindow<TIn, TOut> window, LearnedSpin spin, ArrivalPace pace, Func<bool> isThere, long yielded)
    {
        if (spin.TryUntil(isThere)) return;
        RefuseToStarve(window);
        window.WaitsFor = MapWait.Task;
        if (pace.ItemsToHold(window.Count) is > 0 and var hold)
        {
            window.PrepareToWait(hold);
            window.Signal.Wait(ArrivalPace.LongestHold);
        }

        if (!isThere())
        {
            window.PrepareToWait();
            window.Signal.Wait(Timeout.InfiniteTimeSpan);
        }

        window.WaitsFor = MapWait.Consumer;
        pace.Woken(yielded, Stopwatch.GetTimestamp());
    }

    // Inside a worker of the very troupe the wait might be for ever.
    private static void RefuseToStarve<TIn, TOut>(MapWindow<TIn, TOut> window)
    {
        if (InsideWorker.Troupe is not null && window.Items.FirstOrDefault() is { Future.WouldStarve: true }) throw SelfWait.Refusal();
    }

    private static async Task CancelAsync(CancellationTokenSource ending)
    {
        try
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException)
        {
            // What a source does with its token is its own affair, and must not keep the map from being left.
        }
    }

    private static Task<T> SignalWhenDone<T>(Task<T> task, Signal signal)
    {
        task.ContinueWith(
            static (_, signal) => ((Signal)signal!).Set(),
            signal, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    private static void Leave<TIn, TOut>(MapWindow<TIn, TOut> window)
    {
        window.Leave();
        foreach (var item in window.Items) item.Future.Cancel();
        foreach (var item in window.Items)
        {
            Blocking.Wait(item.Future, Timeout.InfiniteTimeSpan, CancellationToken.None);
            window.Left(item);
        }
    }

    private static async ValueTask LeaveAsync<TIn, TOut>(MapWindow<TIn, TOut> window)
    {
        window.Leave();
        foreach (var item in window.Items) item.Future.Cancel();
        foreach (var item in window.Items)
        {
            await new Ended<TOut>(item.Future);
            window.Left(item);
        }
    }

    // What was being read when the map was left: read it must be, for a source cannot be disposed while it is asked.
    private static async ValueTask EndedAsync<TIn, TOut>(Task<MapItem<TIn, TOut>?> reading, MapWindow<TIn, TOut> window)
    {
        try
        {
            if (await reading.ConfigureAwait(false) is { } item)
            {
                item.Future.Cancel();
                await new Ended<TOut>(item.Future);
            }
        }
        catch (Exception)
        {
            // The map is over: its error is the one before.
        }
    }
}
