using System.Diagnostics.CodeAnalysis;
using TinyWorker.Futures;

namespace TinyWorker.Tasks;

/// <summary>What a composed troupe, or a map, asks of a troupe of this library beside <see cref="ITroupe"/>. One of another library does
/// without.</summary>
internal interface IStage
{
    /// <summary>How many tasks may run at a time.</summary>
    int Breadth { get; }

    /// <summary>To whom the futures of its tasks report.</summary>
    IFutureOwner Owner { get; }
}

/// <inheritdoc/>
internal interface IStage<TIn, TOut> : IStage
{
    /// <summary>Submits a task without waiting. False if there is no room.</summary>
    /// <param name="input">The input.</param>
    /// <param name="passesTheBound">Whether the task needs no room.</param>
    /// <param name="future">The future of the task, if it was accepted.</param>
    bool TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future);

    /// <inheritdoc cref="TrySubmit(TIn, bool, out TinyFuture{TOut}?)"/>
    bool TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future);
}
