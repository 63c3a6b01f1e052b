using TinyWorker.Futures;

namespace TinyWorker.Tasks;

/// <summary>
/// An input that the compiler took for a plain one, although it is a future or a task of inputs: it does so where every object is an input
/// (TIn is object), or every disposable one.
/// </summary>
internal static class PlainInput<TIn>
{
    /// <summary>Whether a future or a task of inputs can be a plain input. False for most types, and then nothing needs to be
    /// looked at.</summary>
    public static readonly bool MayBeUnfinished =
        typeof(TIn).IsAssignableFrom(typeof(Task<TIn>)) || typeof(TIn).IsAssignableFrom(typeof(TinyFuture<TIn>));

    /// <summary>The future that the input is, or the future of the task that the input is; null if it is an input in truth.</summary>
    /// <exception cref="ArgumentException">Every object is an input, and this one is a future or a task of something else: nobody means it
    /// to be handed to a worker.</exception>
    public static TinyFuture<TIn>? UnfinishedIn(TIn input) => input switch
    {
        TinyFuture<TIn> future => future,
        Task<TIn> task => TinyFuture.FromTask(task),
        not null when typeof(TIn) == typeof(object) && Unfinished.KindOf(input) is { } kind => throw new ArgumentException(
            $"The input is a {kind} and would be taken for a plain object. " +
            "Write troupe.Submit(future.Then(x => (object)x)), with TinyFuture.FromTask(task) for a task.",
            nameof(input)),
        _ => null,
    };
}
