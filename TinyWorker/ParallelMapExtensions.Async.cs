using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

// The same without blocking, for both kinds of sources. What is both (a DbSet of Entity Framework) is read asynchronously: those have the higher
// priorities, in the same order among themselves.
public static partial class ParallelMapExtensions
{
    /// <summary>Maps the sequence with workers of their own, which may hold something, without blocking.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where it will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">An option has a value that cannot be.</exception>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source, Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, workerFactory, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(workerFactory, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, CancellationToken, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, CancellationToken, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with workers of their own, which may hold something, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where it will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(9)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source, Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, workerFactory, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(workerFactory, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(8)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source, Func<TIn, CancellationToken, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function; on the shared pool, unless the options say otherwise, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source, Func<TIn, Task<TOut>> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source, Func<TIn, CancellationToken, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?, MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source, Func<TIn, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return OneShotMap.ValuesAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe), (made, map, token) => made.MapAsync(source, map, token), MapOptions.Checked(options), cancellationToken);
    }
}
