using System.Runtime.CompilerServices;
using TinyWorker.Futures;

namespace TinyWorker.Streaming;

/// <summary>Awaits the end of a future, whatever it is; never throws.</summary>
internal readonly struct Ended<T>(TinyFuture<T> future) : ICriticalNotifyCompletion
{
    public bool IsCompleted => future.IsCompleted;

    public Ended<T> GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);   // the interface has it; the compiler prefers the other

    public void UnsafeOnCompleted(Action continuation) =>
        future.AddContinuation(AwaitContinuation.Capture(continuation, executionContext: null, continueOnCapturedContext: false));
}
