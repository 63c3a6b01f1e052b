using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>A map whose consumer blocks until the next result is there.</summary>
/// <remarks>
/// Items may end so fast that it takes longer to wake a thread. Then the consumer is woken for several items at once, a millisecond late at
/// most (<see cref="WakeBatching"/>).
/// </remarks>
internal sealed class BlockingMapReader<TIn, TOut> : MapReader<TIn, TOut>
{
    private readonly IEnumerable<TIn> _source;
    private readonly MapOptions _options;
    private readonly AdaptiveSpin _spin = new();
    private readonly WakeBatching _batching;
    private readonly Func<bool> _mayGoOn;
    private IEnumerator<TIn>? _reader;   // made when the first item is read

    private BlockingMapReader(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn)
        : base(troupe, source, options, tokens, turn)
    {
        _source = source;
        _options = options;
        _batching = new WakeBatching(Workers);
        _mayGoOn = () => Window.HasReady || HasTicketEnded || Turn.IsLeaving || Tokens.IsCancelled || (Tokens.IsStopRequested && !IsRead);
    }

    /// <summary>Enumerates a map. Each enumeration is a map of its own, and does nothing before its first MoveNext.</summary>
    public static IEnumerable<MapItem<TIn, TOut>> Read(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn)
    {
        tokens.ThrowIfCancelled();
        var map = new BlockingMapReader<TIn, TOut>(troupe, source, options, tokens, turn);
        using var cancelled = map.WakeOn(options.CancellationToken);
        using var stopped = map.WakeOn(options.StopReading);
        try
        {
            while (map.Next() is { } item) yield return item;
        }
        finally
        {
            map.End();
        }
    }

    protected override bool TryRead()
    {
        if (Queued is not null) return false;
        try
        {
            if (!MoveNext() || Turn.IsLeaving) EndSource();
            else Submit(_reader!.Current);
        }
        catch (Exception e)
        {
            EndSource(e);
        }

        return true;
    }

    private CancellationTokenRegistration WakeOn(CancellationToken token) =>
        token.UnsafeRegister(static signal => ((Signal)signal!).Set(), Window.Signal);

    /// <summary>The next item to yield; null at the end.</summary>
    private MapItem<TIn, TOut>? Next()
    {
        try
        {
            while (!Turn.IsLeaving)
            {
                Tokens.ThrowIfCancelled();
                ReadOn();
                if (TryTake() is { } item) return item;
                if (IsOver)
                {
                    ThrowSourceError();
                    return null;
                }

                Wait();
            }
        }
        catch (Exception e) when (Ending.Note(e))
        {
            // Never: a note catches nothing.
        }

        return null;
    }

    private bool MoveNext()
    {
        Window.WaitsFor = MapWait.Source;
        _reader ??= _source.GetEnumerator();
        var hasNext = _reader.MoveNext();
        Window.WaitsFor = MapWait.Consumer;
        return hasNext;
    }

    private void Submit(TIn input)
    {
        SignallingTicket? ticket = null;
        TinyFuture<TOut> future;
        if (Target is not null) ticket = Target.SubmitOrQueue(input, Window.Signal, out future);
        else future = Troupe.Submit(input, _options.CancellationToken);
        Add(input, future, ticket);
    }

    private void Wait()
    {
        if (_spin.TryUntil(static mayGoOn => mayGoOn(), _mayGoOn)) return;
        RefuseToStarve();
        Window.WaitsFor = MapWait.Task;
        Completions.RunBeforeBlocking();
        if (_batching.ItemsToHold(Window.Count) is > 0 and var hold)
        {
            Window.PrepareToWait(hold);
            Window.Signal.Wait(WakeBatching.LongestHold);
        }

        if (!_mayGoOn())
        {
            Window.PrepareToWait();
            Window.Signal.Wait(Timeout.InfiniteTimeSpan);
        }

        Window.WaitsFor = MapWait.Consumer;
        _batching.NoteWakeUp(Count - Window.Count - OutsideTheWindow, Stopwatch.GetTimestamp());
    }

    private void End()
    {
        Target?.Remove(Window);
        Ending.Run(CancelOutstanding);
        Ending.Run(() => _reader?.Dispose());
        Ending.Run(() => Progress?.End());
        Ending.ThrowIfNew();
    }

    private void CancelOutstanding()
    {
        CancelWindow();
        var interrupted = false;
        while (!TryCancelQueued()) Uninterrupted(() => Window.Signal.Wait(Timeout.InfiniteTimeSpan), ref interrupted);
        foreach (var item in Window.Items)
        {
            Uninterrupted(() => Blocking.Wait(item.Future, Timeout.InfiniteTimeSpan, CancellationToken.None), ref interrupted);
            Window.OnCancelled(item);
        }

        if (interrupted) Thread.CurrentThread.Interrupt();
    }

    // A thread that was interrupted must not leave tasks behind: it waits on, and is interrupted again afterwards.
    private static void Uninterrupted(Action wait, ref bool interrupted)
    {
        while (true)
        {
            try
            {
                wait();
                return;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }
    }
}
