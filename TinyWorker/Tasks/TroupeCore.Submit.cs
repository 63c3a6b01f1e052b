using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

// The way in: Submit makes an item, the gate accepts it, and the item enters the queue, or the waiting room until its input is there.
internal sealed partial class TroupeCore<TIn, TOut>
{
    public TinyFuture<TOut> Submit(TIn input, SubmitTerms? terms, CancellationToken cancellationToken) =>
        Submit(Item(input), terms, cancellationToken);

    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, SubmitTerms? terms, CancellationToken cancellationToken) =>
        Submit(Item(input), terms, cancellationToken);

    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, SubmitTerms? terms, CancellationToken cancellationToken) =>
        SubmitAsync(Item(input), terms, cancellationToken);

    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, SubmitTerms? terms, CancellationToken cancellationToken) =>
        SubmitAsync(Item(input), terms, cancellationToken);

    /// <summary>Submits a task if there is room at once. Never blocks, and never passes the bound.</summary>
    public bool TrySubmit(
        TIn input, SubmitTerms? terms, CancellationToken cancellationToken, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var item = Item(input);
        var admission = TryEnter(item, terms, cancellationToken, mayPassTheBound: false);
        if (admission == Admission.Closed) throw Stopped();
        future = admission == Admission.Entered ? item : null;
        return future is not null;
    }

    /// <inheritdoc cref="IStage{TIn, TOut}.TrySubmit(TIn, bool, out TinyFuture{TOut}?)"/>
    public bool TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(Item(input), passesTheBound, out future);

    /// <inheritdoc cref="IStage{TIn, TOut}.TrySubmit(TIn, bool, out TinyFuture{TOut}?)"/>
    public bool TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(Item(input), passesTheBound, out future);

    /// <inheritdoc cref="IDeferredInputTroupe{TIn, TOut}.SubmitDeferred"/>
    public Exception? SubmitDeferred(IDeferredInput<TIn, TOut> input, bool bySubmitter)
    {
        var item = new WorkItem<TIn, TOut>(this, default(TIn)!);
        item.SetContext(activity: null, CancellationToken.None, new SubmitTerms { DeferredInput = input });
        input.Attach(item);
        if (Volatile.Read(ref _isCompleting) && !IsInsideWorker) return Stopped();
        switch (Gate.EnterPastTheBound())
        {
            case Admission.Closed:
                return Stopped();
            case Admission.Full:
                return TooMany();
        }

        if (bySubmitter) Workers.BeginSubmit();
        item.Enter(bySubmitter);
        if (bySubmitter) Workers.EndSubmit(item);
        return null;
    }

    /// <summary>Submits a task for each worker, past the bound: for all of them, or for none.</summary>
    public IReadOnlyList<TinyFuture<TOut>> SubmitToEach(TIn input, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Volatile.Read(ref _isCompleting) && !IsInsideWorker) throw Stopped();
        var items = Workers.Places.Select(place => ItemFor(place, input, cancellationToken)).ToArray();
        switch (Gate.EnterPastTheBound(items.Length))
        {
            case Admission.Closed:
                throw Stopped();
            case Admission.Full:
                throw TooMany();
        }

        Workers.BeginSubmit();
        foreach (var item in items) Enter(item, cancellationToken);
        Workers.EndSubmit(item: null);
        return items;
    }

    /// <summary>Submits a task under an activity that came from elsewhere.</summary>
    public TinyFuture<TOut> SubmitUnder(Activity? activity, TIn input, CancellationToken cancellationToken)
    {
        var item = Item(input);
        item.SetContext(activity, cancellationToken);
        return Submit(item, terms: null, cancellationToken);
    }

    /// <summary>Submits a task, or queues for room and sets the signal when the ticket has ended.</summary>
    /// <returns>The ticket; null if the task was accepted at once.</returns>
    public SignallingTicket? SubmitOrQueue(TIn input, Signal signal, out TinyFuture<TOut> future)
    {
        var item = Item(input);
        future = item;
        switch (TryEnter(item, terms: null, CancellationToken.None))
        {
            case Admission.Entered:
                return null;
            case Admission.Closed:
                throw Stopped();
        }

        var ticket = new SignallingTicket(Gate, item, signal);
        ticket.Queue(CancellationToken.None);
        return ticket;
    }

    public ObjectDisposedException Stopped() =>
        new(Name, $"'{Name}' is stopped and takes no more work. Submit before it is disposed, or make a new troupe.");

    private WorkItem<TIn, TOut> Item(TIn input) =>
        PlainInput<TIn>.MayBeUnfinished && PlainInput<TIn>.UnfinishedIn(input) is { } unfinished
            ? Item(unfinished)
            : new WorkItem<TIn, TOut>(this, input);

    private WorkItem<TIn, TOut> Item(TinyFuture<TIn> input)
    {
        Sampling?.AddInput(input);
        return input.IsSuccess ? new WorkItem<TIn, TOut>(this, input.Value) : new ChainedWorkItem<TIn, TOut>(this, input);
    }

    private WorkItem<TIn, TOut> ItemFor(int place, TIn input, CancellationToken cancellationToken)
    {
        var item = Item(input);
        item.SetContext(Activity.Current, cancellationToken, new SubmitTerms { Place = place });
        return item;
    }

    private bool TrySubmit(WorkItem<TIn, TOut> item, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        var admission = TryEnter(item, terms: null, CancellationToken.None, mayPassTheBound: passesTheBound, passesTheBound);
        if (admission == Admission.Closed) throw Stopped();
        future = admission == Admission.Entered ? item : null;
        return future is not null;
    }

    private TinyFuture<TOut> Submit(WorkItem<TIn, TOut> item, SubmitTerms? terms, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (TryEnter(item, terms, cancellationToken))
        {
            case Admission.Entered:
                return item;
            case Admission.Closed:
                throw Stopped();
        }

        var ticket = new BlockingTicket(Gate, item, item.Deadline);
        ticket.Queue(cancellationToken);
        switch (ticket.Sleep())
        {
            case AdmissionTicket.End.Entered:
                item.CancelOn(cancellationToken);
                return item;
            case AdmissionTicket.End.Refused:
                throw Stopped();
            default:
                throw new OperationCanceledException(cancellationToken);
        }
    }

    private ValueTask<TinyFuture<TOut>> SubmitAsync(
        WorkItem<TIn, TOut> item, SubmitTerms? terms, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<TinyFuture<TOut>>(cancellationToken);
        return TryEnter(item, terms, cancellationToken) switch
        {
            Admission.Entered => new ValueTask<TinyFuture<TOut>>(item),
            Admission.Closed => ValueTask.FromException<TinyFuture<TOut>>(Stopped()),
            _ => new AwaitedTicket<TIn, TOut>(this, item, cancellationToken).QueueAsync(),
        };
    }

    private Admission TryEnter(
        WorkItem<TIn, TOut> item, SubmitTerms? terms, CancellationToken cancellationToken, bool mayPassTheBound = true,
        bool isInsideAnyWorker = false)
    {
        if (Volatile.Read(ref _isCompleting) && !IsInsideWorker) return Admission.Closed;
        // A worker process comes here with a context: it starts faster without what the look for an activity loads.
        if (!item.HasContext) item.SetContext(Activity.Current, cancellationToken, terms);
        var admission = Gate.TryEnter();
        // A worker that submits to its own troupe must not block: the room that it would wait for may be its own to make.
        if (admission == Admission.Full && mayPassTheBound && (isInsideAnyWorker || IsInsideWorker))
        {
            admission = Gate.EnterPastTheBound();
            if (admission == Admission.Full) throw TooMany();
        }

        if (admission != Admission.Entered) return admission;

        if (Workers.RunsInSubmit)
        {
            Workers.BeginSubmit();
            Enter(item, cancellationToken);
            Workers.EndSubmit(item);
        }
        else
        {
            Enter(item, cancellationToken);
        }

        return Admission.Entered;
    }

    private InvalidOperationException TooMany() => new(
        $"{AdmissionGate.Most:N0} tasks of '{Name}' wait, and no more can be counted. Its own workers submit without a " +
        "bound: let a worker return the remaining work, or call TrySubmit, which keeps to the Capacity.");

    private static void Enter(WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        item.Enter(bySubmitter: true);
        item.CancelOn(cancellationToken);
    }
}
