using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using TinyWorker.Futures;
using TinyWorker.Queueing;

namespace TinyWorker;

// The way of one item: Submit makes it -> the gate accepts it -> it enters (the channel, or the waiting room until its input is there).
public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <inheritdoc/>
    /// <remarks>From inside a worker of this troupe it never blocks: it passes the bound.</remarks>
    /// <exception cref="ArgumentException">TIn is object, and the input a future or a task, which would be taken for a plain object.</exception>
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => Submit(Item(input), cancellationToken);

    /// <inheritdoc/>
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default) => Submit(Item(input), cancellationToken);

    /// <summary>Submits a task whose input is what a task of the framework's returns.</summary>
    /// <inheritdoc cref="Submit(TinyFuture{TIn}, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The task is null.</exception>
    public TinyFuture<TOut> Submit(Task<TIn> input, CancellationToken cancellationToken = default) => Submit(Item(input), cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">TIn is object, and the input a future or a task, which would be taken for a plain object.</exception>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) => SubmitAsync(Item(input), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default) => SubmitAsync(Item(input), cancellationToken);

    /// <inheritdoc cref="Submit(Task{TIn}, CancellationToken)"/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(Task<TIn> input, CancellationToken cancellationToken = default) =>
        SubmitAsync(Item(input), cancellationToken);

    /// <summary>Submits a task if there is room at once, and if nobody waits for it. Never blocks.</summary>
    /// <param name="input">The task's input.</param>
    /// <param name="future">The future of the result, if the task was accepted.</param>
    /// <returns>Whether it was accepted.</returns>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    /// <exception cref="ArgumentException">TIn is object, and the input a future or a task, which would be taken for a plain object.</exception>
    public bool TrySubmit(TIn input, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        var item = Item(input);
        var admission = TryEnter(item, CancellationToken.None, mayPassTheBound: false);
        if (admission == Admission.Closed) throw Stopped();
        future = admission == Admission.Entered ? item : null;
        return future is not null;
    }

    /// <summary>Submits a task under an activity that came from elsewhere.</summary>
    internal TinyFuture<TOut> SubmitUnder(Activity? activity, TIn input, CancellationToken cancellationToken)
    {
        var item = Item(input);
        item.Carry(activity, CancellationToken.None);
        return Submit(item, cancellationToken);
    }

    /// <summary>Submits, or queues for a place and sets the signal when the ticket has ended.</summary>
    internal SignallingTicket? SubmitOrQueue(TIn input, Streaming.Signal signal, out TinyFuture<TOut> future)
    {
        var item = Item(input);
        future = item;
        switch (TryEnter(item, CancellationToken.None))
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

    private WorkItem<TIn, TOut> Item(TIn input)
    {
        if (_takesAnyObject) RefuseUnfinished(input);
        return new WorkItem<TIn, TOut>(this, input);
    }

    private WorkItem<TIn, TOut> Item(TinyFuture<TIn> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.IsSuccess ? new WorkItem<TIn, TOut>(this, input.Value) : new ChainedWorkItem<TIn, TOut>(this, input);
    }

    private WorkItem<TIn, TOut> Item(Task<TIn> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Item(TinyFuture.FromTask(input));
    }

    private TinyFuture<TOut> Submit(WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (TryEnter(item, cancellationToken))
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

    private ValueTask<TinyFuture<TOut>> SubmitAsync(WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<TinyFuture<TOut>>(cancellationToken);
        return TryEnter(item, cancellationToken) switch
        {
            Admission.Entered => new ValueTask<TinyFuture<TOut>>(item),
            Admission.Closed => ValueTask.FromException<TinyFuture<TOut>>(Stopped()),
            _ => new AwaitedTicket<TIn, TOut>(this, item, cancellationToken).QueueAsync(),
        };
    }

    private Admission TryEnter(WorkItem<TIn, TOut> item, CancellationToken cancellationToken, bool mayPassTheBound = true)
    {
        item.Carry(Activity.Current, cancellationToken);
        var admission = Gate.TryEnter();
        if (admission == Admission.Full && mayPassTheBound && IsInsideWorker) admission = Gate.EnterPastTheBound();
        if (admission != Admission.Entered) return admission;

        if (Backend.RunsInSubmit) EnterAndRun(item, cancellationToken);
        else Enter(item, cancellationToken);
        return Admission.Entered;
    }

    private static void Enter(WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        item.Enter();
        item.CancelOn(cancellationToken);
    }

    private void EnterAndRun(WorkItem<TIn, TOut> item, CancellationToken cancellationToken)
    {
        Backend.Submitting();
        Enter(item, cancellationToken);
        Backend.Submitted(executor => Crew.IsRunning(item, executor));
    }

    internal ObjectDisposedException Stopped() => new(Name, $"'{Name}' is stopped and takes no more work. Submit before it is disposed, or make a new troupe.");

    private static void RefuseUnfinished(TIn input)
    {
        if (input is null) return;
        var type = input.GetType();
        var isFuture = false;
        for (var t = type; t is not null && !isFuture; t = t.BaseType) isFuture = t.IsGenericType && t.GetGenericTypeDefinition() == typeof(TinyFuture<>);
        if (isFuture || input is Task)
        {
            throw new ArgumentException(
                $"The input is a {(isFuture ? "TinyFuture" : "Task")} and would be taken for a plain object. Write troupe.Submit(future.Then(x => (object)x)), " +
                "with TinyFuture.FromTask(task) for a task.",
                nameof(input));
        }
    }
}
