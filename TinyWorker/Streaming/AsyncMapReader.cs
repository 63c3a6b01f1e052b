using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>A map whose consumer awaits the next result.</summary>
/// <remarks>
/// <para>
/// At most one read is under way (<c>_reading</c>). An asynchronous source may answer it on any thread, while the consumer works, and the
/// item is submitted there and then. So the read and the end of the map compete for <c>_submitting</c>: either the read takes it (Open to
/// Busy), submits, and the consumer gives it back when it takes what was read; or the end takes it (Open to Closed), and nothing is submitted any more.
/// </para>
/// <para>
/// A synchronous source is read on the thread that calls MoveNextAsync, before that call returns. What a full troupe does not take waits in
/// <c>_backlog</c>, inside the bound of the window, and is submitted from there on any thread.
/// </para>
/// </remarks>
#pragma warning disable CA1001 // EndAsync disposes what it owns.
internal abstract class AsyncMapReader<TIn, TOut> : MapReader<TIn, TOut>
#pragma warning restore CA1001
{
    /// <summary>How long a map that stops reading waits for a read that is under way when nothing else is left.</summary>
    public static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private const int Open = 0;
    private const int Busy = 1;
    private const int Closed = 2;

    private readonly CancellationTokenSource _submitEnding;   // cancels the wait for a place in a troupe of another library
    private Task<ReadItem?>? _reading;           // under way: the source, or a full troupe of another library, takes its time
    private int _submitting;                 // whether the read that is under way may submit
    private CancellationTokenSource? _patience;   // made when reading is to stop while a read is under way

    private AsyncMapReader(
        ITinyTroupe<TIn, TOut> troupe, object source, MapOptions options, MapTokens tokens, MapTurn turn,
        CancellationTokenSource sourceEnding)
        : base(troupe, source, options, tokens, turn)
    {
        SourceEnding = sourceEnding;
        _submitEnding = Target is null ? tokens.LinkToCancellation() : sourceEnding;
    }

    /// <summary>Whether everything was yielded. A source that does not answer is not waited for when reading was to stop.</summary>
    public override bool IsOver => IsEmpty && (IsRead || (_patience is { IsCancellationRequested: true } && !IsSubmitting));

    /// <summary>Fires when the source is to stop: the map is over, or reads no more.</summary>
    protected CancellationTokenSource SourceEnding { get; }

    protected bool IsPending => _reading is not null;

    private bool IsSubmitting => Volatile.Read(ref _submitting) == Busy;

    protected override int OutsideTheWindow => base.OutsideTheWindow + (IsPending && IsSubmitting ? 1 : 0);

    /// <summary>Enumerates a map of a synchronous source.</summary>
    /// <inheritdoc cref="Read(ITinyTroupe{TIn, TOut}, IAsyncEnumerable{TIn}, MapOptions, MapTokens, MapTurn)"/>
    public static IAsyncEnumerable<MapItem<TIn, TOut>> Read(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn) =>
        Run(ending => new OfSynchronousSource(troupe, source, options, tokens, turn, ending), tokens, turn);

    /// <summary>Enumerates a map. Each enumeration is a map of its own, and does nothing before its first MoveNextAsync.</summary>
    public static IAsyncEnumerable<MapItem<TIn, TOut>> Read(
        ITinyTroupe<TIn, TOut> troupe, IAsyncEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn) =>
        Run(ending => new OfAsynchronousSource(troupe, source, options, tokens, turn, ending), tokens, turn);

    // The only await of the loop is here: to await a method of its own would allocate for each wait.
    private static async IAsyncEnumerable<MapItem<TIn, TOut>> Run(
        Func<CancellationTokenSource, AsyncMapReader<TIn, TOut>> make, MapTokens tokens, MapTurn turn)
    {
        tokens.ThrowIfCancelled();
        // The source gets a token of the map's own: it fires however the map ends.
        using var ending = tokens.LinkToAll();
        var map = make(ending);
        await using var registration = ending.Token
            .UnsafeRegister(static signal => ((Signal)signal!).Set(), map.Window.Signal)
            .ConfigureAwait(false);
        try
        {
            while (true)
            {
                MapItem<TIn, TOut>? item = null;
                try
                {
                    while (!turn.IsLeaving)
                    {
                        tokens.ThrowIfCancelled();
                        if (map.ContextToReadIn is { } context) await new SwitchTo(context);
                        map.ReadOn();
                        item = map.TryTake();
                        if (item is not null) break;
                        if (map.IsOver)
                        {
                            map.ThrowSourceError();
                            break;
                        }

                        map.PrepareToWait();
                        await map.Window.Signal.WaitAsync().ConfigureAwait(false);
                        map.Window.WaitsFor = MapWait.Consumer;
                    }
                }
                catch (Exception e) when (map.Ending.Note(e))
                {
                    // Never: a note catches nothing.
                }

                if (item is null) break;
                yield return item;
            }
        }
        finally
        {
            await map.EndAsync().ConfigureAwait(false);
        }
    }

    public override void ReadOn()
    {
        if (_reading is { IsCompleted: true }) TakeRead(new ValueTask<ReadItem?>(_reading));
        base.ReadOn();
    }

    /// <summary>The context that the consumer must be in to read on; null if it is there, or need not read.</summary>
    protected virtual SynchronizationContext? ContextToReadIn => null;

    protected abstract ValueTask DisposeSourceAsync();

    protected override void StopReading()
    {
        if (!IsPending)
        {
            EndSource();
        }
        else if (_patience is null)
        {
            _patience = new CancellationTokenSource(StopPatience);
            _patience.Token.UnsafeRegister(static signal => ((Signal)signal!).Set(), Window.Signal);
        }
    }

    /// <summary>Takes over what a read has brought, or goes on while it is under way. False in that case.</summary>
    protected bool TryTakeRead(ValueTask<ReadItem?> read)
    {
        if (read.IsCompleted)
        {
            TakeRead(read);
            return true;
        }

        _reading = read.AsTask();
        _reading.ContinueWith(
            static (_, signal) => ((Signal)signal!).Set(),
            Window.Signal, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return false;
    }

    /// <summary>Submits an item that a read has brought on another thread than the consumer's. Null if the map has ended: nobody wants
    /// the item.</summary>
    protected async ValueTask<ReadItem?> TrySubmitAsync(TIn input)
    {
        if (Interlocked.CompareExchange(ref _submitting, Busy, Open) != Open) return null;
        return await SubmitAsync(input).ConfigureAwait(false);
    }

    /// <summary>For the consumer.</summary>
    protected ValueTask<ReadItem?> SubmitHere(TIn input)
    {
        if (Target is null) return TrySubmitAsync(input);
        var ticket = Target.SubmitOrQueue(input, Window.Signal, out var future);
        return new ValueTask<ReadItem?>(new ReadItem(input, future, ticket));
    }

    private async ValueTask<ReadItem?> SubmitAsync(TIn input)
    {
        if (Target is null) return new ReadItem(input, await Troupe.SubmitAsync(input, _submitEnding.Token).ConfigureAwait(false), null);
        var ticket = Target.SubmitOrQueue(input, Window.Signal, out var future);
        return new ReadItem(input, future, ticket);
    }

    private void TakeRead(ValueTask<ReadItem?> read)
    {
        _reading = null;
        Volatile.Write(ref _submitting, Open);
        try
        {
            if (read.GetAwaiter().GetResult() is { } item) Add(item.Input, item.Future, item.Ticket);
            else EndSource();
        }
        catch (OperationCanceledException) when (Tokens.IsStopRequested)
        {
            EndSource();
        }
        catch (Exception e)
        {
            DropBacklog();   // the troupe has stopped: a synchronous source, which has a backlog, does not throw here
            EndSource(e);
        }
    }

    private void PrepareToWait()
    {
        RefuseToStarve();
        Window.PrepareToWait();
        Window.WaitsFor = IsPending ? MapWait.Source : MapWait.Task;
    }

    private async ValueTask EndAsync()
    {
        Target?.Remove(Window);
        DropBacklog();
        var isLeftToItself = Interlocked.CompareExchange(ref _submitting, Closed, Open) == Open
            && _reading is { IsCompleted: false } && Tokens.IsStopRequested;
        await Ending.RunAsync(() => CancelOutstandingAsync(isLeftToItself)).ConfigureAwait(false);
        if (isLeftToItself) _ = DisposeOnceAnsweredAsync(_reading!);
        else await Ending.RunAsync(DisposeSourceAsync).ConfigureAwait(false);
        if (_submitEnding != SourceEnding) _submitEnding.Dispose();
        _patience?.Dispose();
        if (Progress is not null) await Ending.RunAsync(Progress.EndAsync).ConfigureAwait(false);
        Ending.ThrowIfNew();
    }

    private async ValueTask CancelOutstandingAsync(bool readingIsLeftToItself)
    {
        CancelWindow();   // before the tokens fire: a token that an item was submitted with would give it no longer than the grace
        await CancelReadingAsync().ConfigureAwait(false);
        var late = readingIsLeftToItself ? default : EndReadingAsync();
        while (!TryCancelQueued()) await Window.Signal.WaitAsync().ConfigureAwait(false);
        foreach (var item in Window.Items)
        {
            await new FutureEnd<TOut>(item.Future);
            Window.OnCancelled(item);
        }

        await late.ConfigureAwait(false);
    }

    private async ValueTask CancelReadingAsync()
    {
        try
        {
            if (_submitEnding != SourceEnding) await _submitEnding.CancelAsync().ConfigureAwait(false);
            await SourceEnding.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException)
        {
            // Callbacks that the source has registered may throw. That must not keep the map from ending.
        }
    }

    // A read was under way when the map was left. It must end first: a source cannot be disposed during MoveNextAsync.
    private async ValueTask EndReadingAsync()
    {
        if (_reading is null) return;
        try
        {
            if (await _reading.ConfigureAwait(false) is not { } read) return;
            if (read.Ticket is { } ticket)
            {
                ticket.Cancel();
                for (var wait = default(SpinWait); ticket.Outcome is null; wait.SpinOnce()) await Task.Yield();
                if (ticket.Outcome != AdmissionTicket.End.Entered) return;
            }

            CancelForGood(read.Future);
            await new FutureEnd<TOut>(read.Future);
        }
        catch (Exception)
        {
            // The map is over: its error is the one before.
        }
    }

    // Reading was to stop, and the source does not answer. The map has ended without it.
    private async Task DisposeOnceAnsweredAsync(Task reading)
    {
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeSourceAsync().ConfigureAwait(false);   // an error of it is raised as an unobserved one
    }

    /// <summary>An item that was read and submitted.</summary>
    protected readonly record struct ReadItem(TIn Input, TinyFuture<TOut> Future, SignallingTicket? Ticket);

    private sealed class OfAsynchronousSource(
        ITinyTroupe<TIn, TOut> troupe, IAsyncEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn,
        CancellationTokenSource ending)
        : AsyncMapReader<TIn, TOut>(troupe, source, options, tokens, turn, ending)
    {
        private IAsyncEnumerator<TIn>? _reader;   // made when the first item is read

        protected override bool TryRead()
        {
            if (Queued is not null || IsPending) return false;
            Window.WaitsFor = MapWait.Source;   // it may answer at once, after a long time
            var read = ReadOneAsync();
            Window.WaitsFor = MapWait.Consumer;
            return TryTakeRead(read);
        }

        protected override ValueTask DisposeSourceAsync() => _reader?.DisposeAsync() ?? default;

        private async ValueTask<ReadItem?> ReadOneAsync()
        {
            _reader ??= source.GetAsyncEnumerator(SourceEnding.Token);
            var moving = _reader.MoveNextAsync();
            if (moving.IsCompleted)
            {
                if (!moving.GetAwaiter().GetResult() || Turn.IsLeaving) return null;
                return await SubmitHere(_reader.Current).ConfigureAwait(false);
            }

            if (!await moving.ConfigureAwait(false) || Turn.IsLeaving || Tokens.IsCancelled) return null;
            return await TrySubmitAsync(_reader.Current).ConfigureAwait(false);
        }
    }

    private sealed class OfSynchronousSource(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTokens tokens, MapTurn turn,
        CancellationTokenSource ending)
        : AsyncMapReader<TIn, TOut>(troupe, source, options, tokens, turn, ending)
    {
        private readonly Queue<TIn> _backlog = new();
        private IEnumerator<TIn>? _reader;   // made when the first item is read
        private bool _mayReadHere;           // the consumer was brought where it may read

        protected override int OutsideTheWindow => base.OutsideTheWindow + _backlog.Count;

        // After a wait the consumer is on the pool. It need not go back to read unless items have left the window and none was yielded,
        // because their errors are thrown at the end.
        protected override SynchronizationContext? ContextToReadIn
        {
            get
            {
                _mayReadHere = Turn.IsInsideTheCall || (!IsRead && HasRoom && !Window.HasReady);
                return _mayReadHere && !Turn.IsInsideTheCall ? Turn.Context : null;
            }
        }

        public override void ReadOn()
        {
            while (_backlog.Count > 0 && MaySubmit) TrySubmit(_backlog.Dequeue());
            base.ReadOn();
            while (_backlog.Count > 0 && MaySubmit) TrySubmit(_backlog.Dequeue());
        }

        protected override bool TryRead()
        {
            if (!_mayReadHere) return false;
            try
            {
                Window.WaitsFor = MapWait.Source;
                _reader ??= source.GetEnumerator();
                var hasNext = _reader.MoveNext();
                Window.WaitsFor = MapWait.Consumer;
                if (!hasNext || Turn.IsLeaving) EndSource();
                else if (_backlog.Count > 0 || !MaySubmit) _backlog.Enqueue(_reader.Current);
                else TrySubmit(_reader.Current);
            }
            catch (Exception e)
            {
                EndSource(e);
            }

            return true;
        }

        protected override void StopReading() => EndSource();

        protected override ValueTask DisposeSourceAsync()
        {
            _reader?.Dispose();
            return default;
        }

        protected override void DropBacklog() => _backlog.Clear();

        private bool MaySubmit => Queued is null && !IsPending;

        private void TrySubmit(TIn input)
        {
            try
            {
                TryTakeRead(SubmitHere(input));
            }
            catch (Exception e)
            {
                // The troupe has stopped.
                DropBacklog();
                EndSource(e);
            }
        }
    }

    /// <summary>Goes on in the context.</summary>
    private readonly struct SwitchTo(SynchronizationContext context) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public SwitchTo GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        // A context that takes nothing more (its loop has ended) must not cost the map: it goes on on the pool. Once, even if a post that
        // has run it throws afterwards.
        public void UnsafeOnCompleted(Action continuation)
        {
            Action? next = continuation;
            try
            {
                context.Post(_ => Interlocked.Exchange(ref next, null)?.Invoke(), null);
            }
            catch (Exception)
            {
                Schedule.Queue<object?>(_ => Interlocked.Exchange(ref next, null)?.Invoke(), null, preferLocal: false);
            }
        }
    }
}
