using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Maps a sequence through a troupe of its own, in one line.</summary>
/// <remarks>
/// Each enumeration makes a troupe at the first MoveNext and disposes it at the end, however the enumeration ends: no thread stays
/// behind. The remarks on maps through a troupe (<see cref="TinyTroupeMapExtensions"/>) hold here too. A lambda binds as its author means:
/// one that returns a worker makes workers, one that is asynchronous is awaited.
/// </remarks>
// The priorities were tried. The compiler infers TOut, so they cannot be those of the constructors of TinyTroupe: to a function every
// asynchronous lambda would be one that returns a task, and every factory one that returns a worker. So those come first: asynchronous
// with a token 5, asynchronous 4, then factories 2, then functions with a token 1, functions 0. A lambda that only throws, or returns
// null, fits several if the types are written out: it is then taken for an asynchronous function, which comes to the same.
public static partial class ParallelMapExtensions
{
    /// <summary>Maps the sequence with workers that may hold something; blocks the consumer until the next result is there.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="workerFactory">Makes a worker, where the worker will live.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    [OverloadResolutionPriority(2)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null)
    {
        Check(source, workerFactory, troupe);
        return Map(() => new TinyTroupe<TIn, TOut>(workerFactory, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with an asynchronous function, on the shared pool, unless the options say otherwise; blocks the
    /// consumer until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(5)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, CancellationToken, Task<TOut>?> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null)
    {
        Check(source, function, troupe);
        return Map(() => new TinyTroupe<TIn, TOut>(function!, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with an asynchronous function, on the shared pool, unless the options say otherwise; blocks the
    /// consumer until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(4)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, Task<TOut>?> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return Map(() => new TinyTroupe<TIn, TOut>(function!, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with a function; blocks the consumer until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    [OverloadResolutionPriority(1)]
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source,
        Func<TIn, CancellationToken, TOut> function,
        TinyTroupeOptions? troupe = null,
        MapOptions? options = null)
    {
        Check(source, function, troupe);
        return Map(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    /// <summary>Maps the sequence with a function; blocks the consumer until the next result is there.</summary>
    /// <inheritdoc cref="ParallelMap{TIn, TOut}(IEnumerable{TIn}, Func{WorkerInfo, ITinyWorker{TIn, TOut}}, TinyTroupeOptions?,
    /// MapOptions?)"/>
    /// <param name="source">The items.</param>
    /// <param name="function">What the workers do.</param>
    /// <param name="troupe">How the troupe is made; null for the defaults.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    public static IEnumerable<TOut> ParallelMap<TIn, TOut>(
        this IEnumerable<TIn> source, Func<TIn, TOut> function, TinyTroupeOptions? troupe = null, MapOptions? options = null)
    {
        Check(source, function, troupe);
        return Map(() => new TinyTroupe<TIn, TOut>(function, troupe), source, MapOptions.Checked(options));
    }

    private static void Check(
        object source, Delegate work, TinyTroupeOptions? troupe, [CallerArgumentExpression(nameof(work))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(work, name);
        troupe?.Validate(nameof(troupe));
    }

    private static MapSequence<TOut> Map<TIn, TOut>(Func<TinyTroupe<TIn, TOut>> make, IEnumerable<TIn> source, MapOptions options) =>
        new(turn => Values(make, source, options, turn));

    // Makes the troupe when the first item is asked for, and disposes it when the enumeration ends.
    private static IEnumerable<TOut> Values<TIn, TOut>(
        Func<TinyTroupe<TIn, TOut>> make, IEnumerable<TIn> source, MapOptions options, MapTurn turn)
    {
        options.CancellationToken.ThrowIfCancellationRequested();
        var troupe = make();
        var ending = new Ending();
        var results = MapResults.Values(troupe, source, options, turn).GetEnumerator();
        try
        {
            while (true)
            {
                try
                {
                    if (!results.MoveNext()) break;
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
            ending.Run(results.Dispose);
            ending.Run(troupe.Dispose);
            ending.ThrowIfNew();
        }
    }
}
