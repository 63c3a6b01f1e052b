using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Maps a sequence through a troupe, lazily and in bounded memory.</summary>
/// <remarks>
/// Nothing is read before the first MoveNext. The source is read where the results are enumerated, inside MoveNext, at most
/// <see cref="MapOptions.Window"/> items ahead of what has been yielded; a synchronous source that blocks therefore holds up the results
/// behind it, an asynchronous one does not; one that is both is read asynchronously where it can be. However the enumeration ends (finished, left early, failed, cancelled), what is outstanding is
/// cancelled and waited for, the source is disposed, and the troupe is as good as new. Several maps and submits share a troupe freely;
/// each enumeration of a returned sequence is a map of its own; one enumeration is for one thread at a time.
/// An error of the source itself, or of a troupe that is stopped meanwhile, comes once, after the results before it.
/// The lazy bounded maps and the ways to treat errors come from the Python libraries py_mtasklite and pqdm.
/// </remarks>
public static class TinyTroupeMapExtensions
{
    /// <summary>Maps a sequence; blocks its reader until the next result is there.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="troupe">The troupe.</param>
    /// <param name="source">The items; null ones are items like any other.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">The troupe or the source is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option has a value that cannot be.</exception>
    public static IEnumerable<TOut> Map<TIn, TOut>(this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null)
    {
        var map = Checked(troupe, source, options);
        return MapResults.Values(MapReader.Read(troupe, source, map), map.Errors);
    }

    /// <summary>Maps a sequence; errors are values: nothing is thrown for a task's own error.</summary>
    /// <inheritdoc cref="Map{TIn, TOut}"/>
    public static IEnumerable<TinyOutcome<TIn, TOut>> MapOutcomes<TIn, TOut>(this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null) =>
        MapResults.Outcomes(MapReader.Read(troupe, source, Checked(troupe, source, options)));

    /// <summary>Maps a sequence without blocking.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="troupe">The troupe.</param>
    /// <param name="source">The items; null ones are items like any other.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map, as the token of <c>WithCancellation</c> does: what is outstanding is cancelled and waited for.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">The troupe or the source is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option has a value that cannot be.</exception>
    public static IAsyncEnumerable<TOut> MapAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return MapResults.ValuesAsync(MapReader.ReadAsync(troupe, new SynchronousSource<TIn>(source), source, map, cancellationToken), map.Errors, cancellationToken);
    }

    /// <inheritdoc cref="MapAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    /// <remarks>The source is given a token that fires when the map ends: one that heeds it is never waited for.</remarks>
    [OverloadResolutionPriority(1)]   // for a source that is both
    public static IAsyncEnumerable<TOut> MapAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, IAsyncEnumerable<TIn> source, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return MapResults.ValuesAsync(MapReader.ReadAsync(troupe, source, source, map, cancellationToken), map.Errors, cancellationToken);
    }

    /// <summary>Maps a sequence without blocking; errors are values: nothing is thrown for a task's own error.</summary>
    /// <inheritdoc cref="MapAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    public static IAsyncEnumerable<TinyOutcome<TIn, TOut>> MapOutcomesAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return MapResults.OutcomesAsync(MapReader.ReadAsync(troupe, new SynchronousSource<TIn>(source), source, map, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="MapOutcomesAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    [OverloadResolutionPriority(1)]   // for a source that is both
    public static IAsyncEnumerable<TinyOutcome<TIn, TOut>> MapOutcomesAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, IAsyncEnumerable<TIn> source, MapOptions? options = null, CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return MapResults.OutcomesAsync(MapReader.ReadAsync(troupe, source, source, map, cancellationToken), cancellationToken);
    }

    private static MapOptions Checked<TIn, TOut>(ITinyTroupe<TIn, TOut> troupe, object source, MapOptions? options)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        ArgumentNullException.ThrowIfNull(source);
        return MapOptions.Checked(options);
    }
}
