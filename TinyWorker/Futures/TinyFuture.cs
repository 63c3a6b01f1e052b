using TinyWorker.Futures;

namespace TinyWorker;

/// <summary>Makes futures, and combines several into one. Thread-safe.</summary>
public static class TinyFuture
{
    /// <summary>A future that has succeeded.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="result">The result; may be null.</param>
    /// <returns>The future.</returns>
    public static TinyFuture<T> FromResult<T>(T result)
    {
        var promise = new PromiseFuture<T>();
        promise.TrySetResult(result);
        return promise;
    }

    /// <summary>A future that has faulted.</summary>
    /// <typeparam name="T">The type of the result that it does not have.</typeparam>
    /// <param name="exception">Why.</param>
    /// <returns>The future.</returns>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static TinyFuture<T> FromException<T>(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var promise = new PromiseFuture<T>();
        promise.TrySetFailure(Failure.Fault(exception));
        return promise;
    }

    /// <summary>A future that ends as a task does. Cancelling the future leaves the task alone.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="task">The task.</param>
    /// <returns>The future.</returns>
    /// <exception cref="ArgumentNullException">The task is null.</exception>
    public static TinyFuture<T> FromTask<T>(Task<T> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var promise = new PromiseFuture<T>();
        if (task.IsCompleted) Follow(task, promise);
        else task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => Follow(task, promise));
        return promise;

        static void Follow(Task<T> task, PromiseFuture<T> promise)
        {
            if (task.IsCompletedSuccessfully) promise.TrySetResult(task.Result);
            else if (task.Exception is { } faults) promise.TrySetFailure(Failure.Fault(faults.InnerExceptions[0]));
            else promise.TrySetFailure(Failure.Cancellation(new TaskCanceledException(task)));
        }
    }

    /// <summary>
    /// All results, in the order of the futures, once every future has ended. If one or more failed, it ends as the first of them in
    /// that order does, with the same exception. Cancelling it leaves the futures alone.
    /// </summary>
    /// <typeparam name="T">The type of the results.</typeparam>
    /// <param name="futures">The futures; may be empty.</param>
    /// <returns>The future of the results.</returns>
    /// <exception cref="ArgumentNullException">The sequence is null.</exception>
    /// <exception cref="ArgumentException">A future in it is null.</exception>
    public static TinyFuture<T[]> WhenAll<T>(IEnumerable<TinyFuture<T>> futures)
    {
        var all = Checked(futures);
        return new AllFuture<T[]>(
            all,
            () => Array.ConvertAll(all, future => future.Value)).Start();
    }

    /// <summary>
    /// Both results, once both futures have ended. If one failed, it ends as the first that failed, in the order given, with the same
    /// exception. Cancelling it leaves the futures alone.
    /// </summary>
    /// <typeparam name="T1">The type of the first result.</typeparam>
    /// <typeparam name="T2">The type of the second result.</typeparam>
    /// <param name="first">The future of the first result.</param>
    /// <param name="second">The future of the second result.</param>
    /// <returns>The future of the results.</returns>
    /// <exception cref="ArgumentNullException">A future is null.</exception>
    public static TinyFuture<(T1, T2)> WhenAll<T1, T2>(TinyFuture<T1> first, TinyFuture<T2> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new AllFuture<(T1, T2)>(
            [first, second],
            () => (first.Value, second.Value)).Start();
    }

    /// <summary>
    /// All three results, once all futures have ended. If one or more failed, it ends as the first that failed, in the order given, with
    /// the same exception. Cancelling it leaves the futures alone.
    /// </summary>
    /// <typeparam name="T1">The type of the first result.</typeparam>
    /// <typeparam name="T2">The type of the second result.</typeparam>
    /// <typeparam name="T3">The type of the third result.</typeparam>
    /// <param name="first">The future of the first result.</param>
    /// <param name="second">The future of the second result.</param>
    /// <param name="third">The future of the third result.</param>
    /// <returns>The future of the results.</returns>
    /// <exception cref="ArgumentNullException">A future is null.</exception>
    public static TinyFuture<(T1, T2, T3)> WhenAll<T1, T2, T3>(TinyFuture<T1> first, TinyFuture<T2> second, TinyFuture<T3> third)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(third);
        return new AllFuture<(T1, T2, T3)>(
            [first, second, third],
            () => (first.Value, second.Value, third.Value)).Start();
    }

    /// <summary>
    /// The first future to end, however it ends. Once it is known, nothing stays behind on the others.
    /// </summary>
    /// <typeparam name="T">The type of the results.</typeparam>
    /// <param name="futures">The futures; at least one.</param>
    /// <returns>The future of the first one. It succeeds unless it is cancelled.</returns>
    /// <exception cref="ArgumentNullException">The sequence is null.</exception>
    /// <exception cref="ArgumentException">The sequence is empty, or a future in it is null.</exception>
    public static TinyFuture<TinyFuture<T>> WhenAny<T>(IEnumerable<TinyFuture<T>> futures)
    {
        var all = Checked(futures);
        if (all.Length == 0)
            throw new ArgumentException("WhenAny needs at least one future: the first of none never ends.", nameof(futures));
        return new AnyFuture<T>(all).Start();
    }

    /// <summary>The futures in the order in which they end. Nothing happens before the enumeration begins.</summary>
    /// <typeparam name="T">The type of the results.</typeparam>
    /// <param name="futures">The futures; may be empty.</param>
    /// <returns>Each future once, ended.</returns>
    /// <exception cref="ArgumentNullException">The sequence is null.</exception>
    /// <exception cref="ArgumentException">A future in it is null.</exception>
    public static IAsyncEnumerable<TinyFuture<T>> WhenEach<T>(IEnumerable<TinyFuture<T>> futures) =>
        new CompletionOrder<T>(Checked(futures));

    private static TinyFuture<T>[] Checked<T>(IEnumerable<TinyFuture<T>> futures)
    {
        ArgumentNullException.ThrowIfNull(futures);
        var all = futures.ToArray();
        var hole = Array.FindIndex(all, future => future is null);
        return hole < 0 ? all : throw new ArgumentException($"The future at index {hole} is null.", nameof(futures));
    }
}
