using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TinyWorker.Futures;
using TinyWorker.Tasks;

namespace TinyWorker.Composing;

/// <summary>Two troupes in a row: a task of the first is the input of a task of the second.</summary>
/// <remarks>
/// A submission takes a place of the first troupe, then one of the second, and is accepted then. If it gives up in between (its token, the
/// end of the pipeline, a second troupe that is stopped), it cancels the task of the first, and waits until that has ended: whoever
/// is told that a submission was not accepted can rely on it that nothing of it runs. The token of a wait is its own (<see cref="Wait"/>),
/// so that what is accepted does not hear of it any more.
/// Inside a worker of one of the stages nobody waits: places of the second troupe may be held by tasks that wait for that worker.
/// </remarks>
internal sealed class PipelineTroupe<TIn, TMiddle, TOut>(ITinyTroupe<TIn, TMiddle> first, ITinyTroupe<TMiddle, TOut> second)
    : ComposedTroupe($"{first.Name} | {second.Name}", first, second), ITinyTroupe<TIn, TOut>, IStage<TIn, TOut>
{
#pragma warning disable CA2213 // It has no timer and no handle, and is cancelled once.
    private readonly CancellationTokenSource _closing = new();
#pragma warning restore CA2213
    private int _isClosed;   // set once

    public override int Breadth => BreadthOf(first) + BreadthOf(second);

    [OverloadResolutionPriority(1)]
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) =>
        SubmitCore(new StageInput<TIn>(input), IsInsideWorker, cancellationToken);

    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return SubmitCore(new StageInput<TIn>(input), IsInsideWorker, cancellationToken);
    }

    [OverloadResolutionPriority(1)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) =>
        SubmitCoreAsync(new StageInput<TIn>(input), cancellationToken);

    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return SubmitCoreAsync(new StageInput<TIn>(input), cancellationToken);
    }

    // A stage of another pipeline. Without passing the bound it could take a place of the first troupe and then find none of the second.
    bool IStage<TIn, TOut>.TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(new StageInput<TIn>(input), passesTheBound, out future);

    bool IStage<TIn, TOut>.TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        TrySubmit(new StageInput<TIn>(input), passesTheBound, out future);

    protected override void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        Cancel(_closing);
        Tasks.Release();
    }

    // From its submission until the second troupe starts it, a task has a place there.
    protected override int CapacityOf(TroupeSnapshot[] parts) => parts[1].Capacity;

    // Their indices would be those of two troupes.
    protected override IReadOnlyList<WorkerSnapshot> WorkersOf(TroupeSnapshot[] parts) => [];

    protected override int MaxWorkersOf(TroupeSnapshot[] parts) => 0;

    private TinyFuture<TOut> SubmitCore(StageInput<TIn> input, bool isInside, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TinyFuture<TMiddle>? begun = null;
        TinyFuture<TOut>? accepted = null;
        CancellationTokenSource? wait = null;
        Begin();
        try
        {
            begun = input.TrySubmitTo(first, isInside) ?? input.SubmitTo(first, (wait ??= Wait(cancellationToken)).Token);
            var middle = new StageInput<TMiddle>(begun);
            accepted = middle.TrySubmitTo(second, isInside) ?? middle.SubmitTo(second, (wait ??= Wait(cancellationToken)).Token);
            EndWait(wait);
        }
        catch (Exception e)
        {
            EndUnaccepted(begun, accepted);
            if (!isInside && begun is not null) Blocking.WaitUninterrupted(begun);
            if (!isInside && accepted is not null) Blocking.WaitUninterrupted(accepted);
            Tasks.Release();
            if (IsEndOfWait(e, wait, cancellationToken) is { } end) throw end;
            throw;
        }

        return Accept(begun, accepted, cancellationToken);
    }

    private async ValueTask<TinyFuture<TOut>> SubmitCoreAsync(StageInput<TIn> input, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var isInside = IsInsideWorker;
        TinyFuture<TMiddle>? begun = null;
        TinyFuture<TOut>? accepted = null;
        CancellationTokenSource? wait = null;
        Begin();
        try
        {
            begun = input.TrySubmitTo(first, isInside);
            begun ??= await input.SubmitToAsync(first, (wait ??= Wait(cancellationToken)).Token).ConfigureAwait(false);
            var middle = new StageInput<TMiddle>(begun);
            accepted = middle.TrySubmitTo(second, isInside);
            accepted ??= await middle.SubmitToAsync(second, (wait ??= Wait(cancellationToken)).Token).ConfigureAwait(false);
            EndWait(wait);
        }
        catch (Exception e)
        {
            EndUnaccepted(begun, accepted);
            if (!isInside && begun is not null) await new FutureEnd<TMiddle>(begun);
            if (!isInside && accepted is not null) await new FutureEnd<TOut>(accepted);
            Tasks.Release();
            if (IsEndOfWait(e, wait, cancellationToken) is { } end) throw end;
            throw;
        }

        return Accept(begun, accepted, cancellationToken);
    }

    private bool TrySubmit(StageInput<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        future = null;
        if (!passesTheBound) return false;
        future = SubmitCore(input, isInside: true, CancellationToken.None);
        return true;
    }

    /// <summary>A reason to wait for whoever stops the pipeline: a submission.</summary>
    private void Begin()
    {
        Tasks.Keep();
        if (Volatile.Read(ref _isClosed) == 0) return;
        Tasks.Release();
        throw Stopped();
    }

    private CancellationTokenSource Wait(CancellationToken cancellationToken) =>
        CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);

    // From here on the tasks do not hear of the token any more. It may have reached one of them before.
    private static void EndWait(CancellationTokenSource? wait)
    {
        if (wait is null) return;
        wait.Dispose();
        if (wait.IsCancellationRequested) throw new OperationCanceledException();
    }

    private static void EndUnaccepted(TinyFuture<TMiddle>? begun, TinyFuture<TOut>? accepted)
    {
        begun?.Cancel();
        accepted?.Cancel();
    }

    private Exception? IsEndOfWait(Exception thrown, CancellationTokenSource? wait, CancellationToken cancellationToken)
    {
        wait?.Dispose();
        if (thrown is not OperationCanceledException || wait is not { IsCancellationRequested: true }) return null;
        return cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : Stopped();
    }

    private PipelineFuture<TMiddle, TOut> Accept(TinyFuture<TMiddle> begun, TinyFuture<TOut> accepted, CancellationToken cancellationToken)
    {
        var task = new PipelineFuture<TMiddle, TOut>(this, begun, accepted);
        Tasks.Accept(task);
        task.Start(cancellationToken);
        if (Tasks.IsAborted) task.Abort();
        return task;
    }
}
