using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Tasks;

/// <summary>The input of a task that is made only when a worker has taken the task.</summary>
internal interface IDeferredInput<TIn, TOut>
{
    /// <summary>Called once, before the task is accepted.</summary>
    void Attach(TinyFuture<TOut> future);

    /// <summary>Called once, by the worker loop that has taken the task, before the task starts. It must not run user code, nor
    /// wait.</summary>
    /// <returns>False if there is nothing to do any more: the task ends cancelled, and never starts.</returns>
    bool TryMake([MaybeNullWhen(false)] out TIn input);
}

/// <summary>A troupe that takes tasks whose input is deferred.</summary>
internal interface IDeferredInputTroupe<TIn, TOut>
{
    /// <summary>Submits a task past the bound: nobody waits.</summary>
    /// <param name="input">The input.</param>
    /// <param name="bySubmitter">Whether the thread is that of a submitter, who may run the task there in a troupe without threads.</param>
    /// <returns>Why the task was refused; null if it was accepted.</returns>
    Exception? SubmitDeferred(IDeferredInput<TIn, TOut> input, bool bySubmitter);
}
