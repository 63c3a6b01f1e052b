using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

// The same without blocking, for both kinds of sources. A source of both kinds (a DbSet of Entity Framework) is read asynchronously: the
// overloads for asynchronous sources have the higher priorities (6 more), in the same order among themselves.
public static partial class ParallelMapExtensions
{
    /// <summary>Maps the sequence with workers that may hold something, without blocking.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where the worker will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, workerFactory, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(workerFactory, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function, without blocking; on the shared pool, unless the options say
    /// otherwise.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, CancellationToken, Task<TOut>?> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function!, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function, without blocking; on the shared pool, unless the options say
    /// otherwise.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, Task<TOut>?> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function!, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, CancellationToken, TOut> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, TOut> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with workers that may hold something, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where the worker will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(8)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source,
        Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, workerFactory, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(workerFactory, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function, without blocking; on the shared pool, unless the options say
    /// otherwise.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(11)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source,
        Func<TIn, CancellationToken, Task<TOut>?> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function!, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with an asynchronous function, without blocking; on the shared pool, unless the options say
    /// otherwise.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(10)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source,
        Func<TIn, Task<TOut>?> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function!, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source,
        Func<TIn, CancellationToken, TOut> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    /// <summary>Maps the sequence with a function, without blocking.</summary>
    /// <inheritdoc cref="ParallelMapAsync{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?, CancellationToken)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map.</param>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TOut> ParallelMapAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> source,
        Func<TIn, TOut> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Check(source, function, troupe);
        return MapAsync(
            () => new TinyTroupe<TIn, TOut>(function, troupe),
            (made, map, tokens, turn) => AsyncMapReader<TIn, TOut>.Read(made, source, map, tokens, turn),
            MapOptions.Checked(options),
            cancellationToken);
    }

    // As Map, without blocking. The items are made of the troupe, the options, the tokens and the turn.
    private static AsyncMapSequence<TOut> MapAsync<TIn, TOut>(
        Func<TinyTroupe<TIn, TOut>> make,
        Func<TinyTroupe<TIn, TOut>, MapOptions, MapTokens, MapTurn, IAsyncEnumerable<MapItem<TIn, TOut>>> items,
        MapOptions options,
        CancellationToken cancellationToken) =>
        new((turn, ofTheEnumeration) =>
        {
            var tokens = new MapTokens(options, cancellationToken, ofTheEnumeration);
            return ValuesAsync(
                make, troupe => MapResults.ValuesAsync(items(troupe, options, tokens, turn), options.Errors, tokens, turn), tokens);
        });

    private static async IAsyncEnumerable<TOut> ValuesAsync<TIn, TOut>(
        Func<TinyTroupe<TIn, TOut>> make, Func<TinyTroupe<TIn, TOut>, IAsyncEnumerable<TOut>> map, MapTokens tokens)
    {
        tokens.ThrowIfCancelled();
        var troupe = make();
        var ending = new Ending();
        var results = map(troupe).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (true)
            {
                try
                {
                    if (!await results.MoveNextAsync().ConfigureAwait(false)) break;
                }
                catch (Exception e) when (ending.Note(e))
                {
                    // Never: a note catches nothing.
                }

                yield return results.Current;
            }
        }
        finally
        {
            await ending.RunAsync(results.DisposeAsync).ConfigureAwait(false);
            await ending.RunAsync(troupe.DisposeAsync).ConfigureAwait(false);
            ending.ThrowIfNew();
        }
    }
}
