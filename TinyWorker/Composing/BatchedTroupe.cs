using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>A troupe of arrays, used as one of items: the way in. The rest is in <see cref="BatchQueue{TIn, TOut}"/>.</summary>
internal sealed class BatchedTroupe<TIn, TOut> : ComposedTroupe, ITinyTroupe<TIn, TOut>, IStage<TIn, TOut>
{
    private readonly ITinyTroupe<TIn[], TOut[]> _inner;
    private readonly BatchOptions _options;

    /// <param name="inner">The troupe of arrays.</param>
    /// <param name="options">Options that were validated.</param>
    public BatchedTroupe(ITinyTroupe<TIn[], TOut[]> inner, BatchOptions options)
        : base($"{inner.Name} in batches", inner)
    {
        _inner = inner;
        _options = options;
        Queue = new BatchQueue<TIn, TOut>(this, inner, options);
        Gate = new AdmissionGate(options.Capacity, onDrained: OnDrained);
    }

    public BatchQueue<TIn, TOut> Queue { get; }

    /// <summary>Who is in it was accepted, and is in no batch yet.</summary>
    public AdmissionGate Gate { get; }

    public override int Breadth => (int)Math.Min(int.MaxValue, (long)BreadthOf(_inner) * _options.MaxSize);

    [OverloadResolutionPriority(1)]
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => SubmitCore(Item(input), cancellationToken);

    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return SubmitCore(Item(input), cancellationToken);
    }

    [OverloadResolutionPriority(1)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) =>
        SubmitCoreAsync(Item(input), cancellationToken);

    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return SubmitCoreAsync(Item(input), cancellationToken);
    }

    bool IStage<TIn, TOut>.TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(Item(input), passesTheBound, out future);

    bool IStage<TIn, TOut>.TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(Item(input), passesTheBound, out future);

    protected override void Close()
    {
        Gate.Close();
        Queue.Flush();
    }

    protected override int CapacityOf(TroupeSnapshot[] parts) => _options.Capacity;

    protected override IReadOnlyList<WorkerSnapshot> WorkersOf(TroupeSnapshot[] parts) => parts[0].Workers;

    protected override int MaxWorkersOf(TroupeSnapshot[] parts) => parts[0].MaxWorkers;

    private void OnDrained()
    {
        Queue.End();
        Tasks.Release();
    }

    private BatchItem<TIn, TOut> Item(TIn input) =>
        PlainInput<TIn>.MayBeUnfinished && PlainInput<TIn>.UnfinishedIn(input) is { } unfinished
            ? Item(unfinished)
            : new BatchItem<TIn, TOut>(this, input);

    private BatchItem<TIn, TOut> Item(TinyFuture<TIn> input) => new(this, input);

    private TinyFuture<TOut> SubmitCore(BatchItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (TryEnter(item, IsInsideWorker, cancellationToken))
        {
            case Admission.Entered:
                return item;
            case Admission.Closed:
                throw Stopped();
        }

        var ticket = new BlockingTicket(Gate, item);
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

    private async ValueTask<TinyFuture<TOut>> SubmitCoreAsync(BatchItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (TryEnter(item, IsInsideWorker, cancellationToken))
        {
            case Admission.Entered:
                return item;
            case Admission.Closed:
                throw Stopped();
        }

        var ticket = new TaskTicket(Gate, item);
        ticket.Queue(cancellationToken);
        switch (await ticket.Task.ConfigureAwait(false))
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

    private bool TrySubmit(BatchItem<TIn, TOut> item, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        var admission = TryEnter(item, passesTheBound, CancellationToken.None);
        if (admission == Admission.Closed) throw Stopped();
        future = admission == Admission.Entered ? item : null;
        return future is not null;
    }

    private Admission TryEnter(BatchItem<TIn, TOut> item, bool mayPassTheBound, CancellationToken cancellationToken)
    {
        item.Prepare(cancellationToken);
        var admission = Gate.TryEnter();
        // A worker of the inner troupe must not wait for room that may be its own to make.
        if (admission == Admission.Full && mayPassTheBound) admission = Gate.EnterPastTheBound();
        if (admission != Admission.Entered) return admission;
        item.Enter(bySubmitter: true);
        item.CancelOn(cancellationToken);
        return Admission.Entered;
    }

    /// <summary>The ticket of a submitter who awaits it.</summary>
    private sealed class TaskTicket(AdmissionGate gate, IAdmissible item) : AdmissionTicket(gate, item)
    {
        private readonly TaskCompletionSource<End> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<End> Task => _ended.Task;

        protected override void OnEnded(End end) =>
            WakeUps.Run(static ended => ended.Source.TrySetResult(ended.End), (Source: _ended, End: end));
    }
}
