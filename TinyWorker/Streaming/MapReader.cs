using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TinyWorker.Futures;
using TinyWorker.Tasks;

namespace TinyWorker.Streaming;

/// <summary>
/// One enumeration of a map: it reads the source, submits, and yields each item when its task has ended. Nothing runs beside it: the thread
/// that enumerates reads the source, inside MoveNext. So there is no other thread to pass items to, to stop, or to leave behind.
/// </summary>
/// <remarks>
/// Each MoveNext reads at least one item, if the source has one and the window has room. It reads on until the window is full or there is
/// something to yield. So the window stays full while the consumer works, and a full window never holds back an item that has ended.
/// However the enumeration ends, the map cancels what is outstanding, waits for it, and disposes the source last. An item that was read is
/// in one place at a time: at the gate (<see cref="Queued"/>), or in the window. The end looks at both, and at what a subclass adds.
/// </remarks>
internal abstract class MapReader<TIn, TOut>
{
    private readonly ITinyTroupe<TIn, TOut> _troupe;
    private ExceptionDispatchInfo? _sourceError;   // set once, with _isRead

    /// <summary>Begins a map.</summary>
    /// <param name="troupe">The troupe.</param>
    /// <param name="countedSource">The source; if it knows its count, and the options tell no other, that is the total of the
    /// progress.</param>
    /// <param name="options">The options of the map.</param>
    /// <param name="tokens">What cancels the map, and what stops its reading.</param>
    /// <param name="turn">Whose turn it is in this enumeration.</param>
    protected MapReader(ITinyTroupe<TIn, TOut> troupe, object countedSource, MapOptions options, MapTokens tokens, MapTurn turn)
    {
        _troupe = troupe;
        Tokens = tokens;
        Turn = turn;
        Target = troupe as IMapTarget<TIn, TOut>;
        Workers = Target?.Workers ?? (troupe as IStage)?.Breadth ?? Environment.ProcessorCount;
        Progress = ReporterFor(countedSource, options);
        var size = options.Window ?? (int)Math.Min(int.MaxValue, (long)MapOptions.WindowPerWorker * Workers);
        Window = options.Ordered ? new OrderedWindow<TIn, TOut>(size, Progress) : new UnorderedWindow<TIn, TOut>(size, Progress);
        turn.WakeWith(Window.Signal.Set);
        Target?.Add(Window);
    }

    /// <summary>Whether every item of the source was read and yielded.</summary>
    public virtual bool IsOver => IsRead && IsEmpty;

    protected ITinyTroupe<TIn, TOut> Troupe => _troupe;

    protected MapTokens Tokens { get; }

    protected MapTurn Turn { get; }

    /// <summary>The troupe, if it is one of this library.</summary>
    protected IMapTarget<TIn, TOut>? Target { get; }

    protected int Workers { get; }

    protected ProgressReporter? Progress { get; }

    protected MapWindow<TIn, TOut> Window { get; }

    /// <summary>Whether nothing more is read: the source has ended or failed, the troupe has stopped, or reading was to stop.</summary>
    protected bool IsRead { get; private set; }

    /// <summary>An item that was read, and not yet accepted by a full troupe.</summary>
    protected (MapItem<TIn, TOut> Item, SignallingTicket Ticket)? Queued { get; private set; }

    protected bool HasTicketEnded => Queued is { Ticket.Outcome: not null };

    /// <summary>How many items were read and are not in the window.</summary>
    protected virtual int OutsideTheWindow => Queued is null ? 0 : 1;

    /// <summary>Whether no item is outstanding.</summary>
    protected bool IsEmpty => Window.Count == 0 && OutsideTheWindow == 0;

    protected bool HasRoom => Window.Count + OutsideTheWindow < Window.Size;

    /// <summary>How many items were submitted.</summary>
    protected long Count { get; private set; }

    /// <summary>How the map ends: with which error, and with what goes with it.</summary>
    protected Ending Ending { get; } = new();

    /// <summary>Reads at least one item, if the source has one and the window has room, and reads on until there is something to
    /// yield.</summary>
    public virtual void ReadOn()
    {
        if (HasTicketEnded) TakeQueued();
        if (!IsRead && Tokens.IsStopRequested) StopReading();
        var mustRead = true;
        while (!IsRead && HasRoom && (mustRead || !Window.HasReady) && TryRead()) mustRead = false;
    }

    /// <summary>Takes the next item to yield, if its task has ended.</summary>
    public MapItem<TIn, TOut>? TryTake() => Window.TryTake();

    /// <summary>Throws the error of the source, or of a troupe that has stopped. It comes after the results before it.</summary>
    public void ThrowSourceError()
    {
        // A source whose token has fired because the map was cancelled may throw: the cancellation is what ends the map.
        if (_sourceError is { SourceException: OperationCanceledException }) Tokens.ThrowIfCancelled();
        _sourceError?.Throw();
    }

    /// <summary>Reads one item and submits it, or calls <see cref="EndSource"/>. False if the item is not there yet, or not
    /// accepted.</summary>
    protected abstract bool TryRead();

    /// <summary>Drops what was read and not yet submitted.</summary>
    protected virtual void DropBacklog()
    {
    }

    /// <summary>Nothing more is to be read.</summary>
    protected virtual void StopReading() => EndSource();

    /// <summary>Adds an item that was submitted.</summary>
    /// <param name="input">The item.</param>
    /// <param name="future">Its future.</param>
    /// <param name="ticket">Its place in the line at the gate of the troupe; null if it was accepted at once.</param>
    protected void Add(TIn input, TinyFuture<TOut> future, SignallingTicket? ticket)
    {
        Debug.Assert(Queued is null, "one item waits at the gate: the items are accepted in their order");
        var item = new MapItem<TIn, TOut>(Window, Count++, input, future);
        if (ticket is null) Window.Add(item);
        else Queued = (item, ticket);
    }

    protected void EndSource(Exception? error = null)
    {
        if (IsRead) return;
        if (error is not null) _sourceError = ExceptionDispatchInfo.Capture(error);
        IsRead = true;
    }

    /// <summary>To be called before a wait: inside a worker of the same troupe it might never end.</summary>
    protected void RefuseToStarve()
    {
        if (WorkerScope.Troupe is not null && Window.Items.FirstOrDefault() is { Future.WouldStarve: true }) throw SelfWait.Refusal();
    }

    /// <summary>For the end: takes the item out of the line, unless it is being accepted just now. False while that is so: the ticket
    /// then sets the signal of the window, and this is to be called again.</summary>
    // A ticket that cannot be withdrawn was taken out of the line by the thread that admits it. That thread enters the item first and ends
    // the ticket afterwards. Only then is it known that the item runs or waits, and can be cancelled like any other.
    protected bool TryCancelQueued()
    {
        if (Queued is not { } queued) return true;
        queued.Ticket.Cancel();
        if (queued.Ticket.Outcome is not { } outcome) return false;
        Queued = null;
        if (outcome != AdmissionTicket.End.Entered) return true;
        CancelForGood(queued.Item.Future);
        Window.Add(queued.Item);
        return true;
    }

    /// <summary>Cancels a task of a map that was left, which will wait for it: no worker is given up for it. Inside a worker of the same
    /// troupe, which may be the very worker that runs the task, the grace counts.</summary>
    protected static void CancelForGood(TinyFuture<TOut> future)
    {
        if (future.WouldStarve) future.Cancel();
        else future.CancelWithoutGrace();
    }

    /// <summary>Cancels every item in the window, because the map ends.</summary>
    protected void CancelWindow()
    {
        Window.Abandon();
        // The youngest first: else a worker that has stopped an older one would begin the next.
        foreach (var item in Window.Items.Reverse()) CancelForGood(item.Future);
    }

    // The ticket of the queued item has ended: the item was accepted, or the troupe has stopped.
    private void TakeQueued()
    {
        var (item, ticket) = Queued!.Value;
        Queued = null;
        if (ticket.Outcome == AdmissionTicket.End.Entered)
        {
            Window.Add(item);
            return;
        }

        DropBacklog();
        EndSource(Target!.Stopped());
    }

    private static ProgressReporter? ReporterFor(object source, MapOptions options)
    {
        if (options.Progress is null) return null;
        long? total = source is IEnumerable<TIn> counted && counted.TryGetNonEnumeratedCount(out var count) ? count : null;
        return new ProgressReporter(options.Progress, options.Total ?? total);
    }
}
