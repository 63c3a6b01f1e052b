using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Maps a sequence through a troupe of its own, in one line.</summary>
/// <remarks>
/// Each enumeration makes its troupe at the first MoveNext and disposes it at the end, however that comes: no thread is left behind. What is
/// said of the maps of a troupe (<see cref="TinyTroupeMapExtensions"/>) holds here too. A lambda binds as its author means: one that
/// returns a worker makes workers, one that is asynchronous is awaited.
/// </remarks>
public static partial class ParallelMapExtensions
{
    /// <summary>Maps the sequence with workers of their own, which may hold something; blocks its reader until the next result is there.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where it will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">An option has a value that cannot be.</exception>
    [OverloadResolutionPriority(4)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, workerFactory, troupe);
        return OneShotMap.Values(() => new TinyTroupe<TIn, TOut>(workerFactory, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise; blocks its reader until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(3)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, CancellationToken, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return OneShotMap.Values(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise; blocks its reader until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(2)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return OneShotMap.Values(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with a function; blocks its reader until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(1)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, CancellationToken, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return OneShotMap.Values(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with a function; blocks its reader until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return OneShotMap.Values(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    private static void Check(object source, Delegate work, TinyTroupeOptions? troupe, [CallerArgumentExpression(nameof(work))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(work, name);
        troupe?.Validate(nameof(troupe));
    }
}
