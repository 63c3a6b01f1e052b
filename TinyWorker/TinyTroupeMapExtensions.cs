using System.Runtime.CompilerServices;
using TinyWorker.Streaming;

namespace TinyWorker;

/// <summary>Maps a sequence through a troupe, lazily and in bounded memory.</summary>
/// <remarks>
/// <para>
/// Nothing is read before the first MoveNext. The source is read where the results are enumerated, inside MoveNext, at most
/// <see cref="MapOptions.Window"/> items ahead of what was yielded. So a synchronous source that blocks holds up the results
/// behind it; an asynchronous one does not. A synchronous source of an asynchronous map is read on the thread that calls MoveNextAsync,
/// before that call returns; only a map that throws its errors at the end, and so passes over failed items without returning, may read on
/// later: in the synchronization context of that call, or on the shared pool if it has none. A source of both kinds is read
/// asynchronously where that is possible.
/// </para>
/// <para>
/// However the enumeration ends (finished, left early, failed, cancelled), the map cancels what is outstanding, waits for it however long it
/// takes, and disposes the source. Nothing of a map runs once it has been left: a function that ignores its token is waited for, past
/// <see cref="TinyTroupeOptions.CancellationGrace"/>, and its worker is kept; only a worker process is killed after the grace, an abort of
/// the troupe ends the wait after the grace, and a task that the troupe has given up on because of its
/// <see cref="TinyTroupeOptions.TaskTimeout"/> is not waited for. Of a troupe of another library the map can only await the futures. The
/// troupe can be used as before. Several maps and submits may share a troupe.
/// </para>
/// <para>
/// Each enumeration of a returned sequence is a map of its own. One enumeration is for one thread at a time: a MoveNext inside another is
/// refused with an <see cref="InvalidOperationException"/>. A Dispose while MoveNext runs (in the source, in a progress report, on another
/// thread) returns at once, and that MoveNext ends the map and returns false.
/// </para>
/// <para>
/// An error of the source itself, or of a troupe that was stopped meanwhile, is thrown once, after the results before it. Where several
/// errors meet (of a task or the source, then of the disposal of the source), the first is thrown, with its own type; the later ones go
/// with it, as an array of exceptions in <c>Data["TinyWorker.LaterErrors"]</c>. With <see cref="MapErrors.ThrowAtEnd"/> they are all in the
/// one <see cref="AggregateException"/>.
/// </para>
/// The lazy bounded maps and the ways to treat errors come from the Python libraries py_mtasklite and pqdm.
/// </remarks>
public static class TinyTroupeMapExtensions
{
    /// <summary>Maps a sequence; blocks the consumer until the next result is there.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="troupe">The troupe.</param>
    /// <param name="source">The items; a null is an item like any other.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">The troupe or the source is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static IEnumerable<TOut> Map<TIn, TOut>(this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null)
    {
        var map = Checked(troupe, source, options);
        return new MapSequence<TOut>(turn => MapResults.Values(troupe, source, map, turn));
    }

    /// <summary>Maps a sequence; errors are values: an error of a task is never thrown.</summary>
    /// <inheritdoc cref="Map{TIn, TOut}"/>
    public static IEnumerable<TinyOutcome<TIn, TOut>> MapOutcomes<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions? options = null)
    {
        var map = Checked(troupe, source, options);
        return new MapSequence<TinyOutcome<TIn, TOut>>(turn => MapResults.Outcomes(troupe, source, map, turn));
    }

    /// <summary>Maps a sequence without blocking.</summary>
    /// <typeparam name="TIn">The type of the items.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="troupe">The troupe.</param>
    /// <param name="source">The items; a null is an item like any other.</param>
    /// <param name="options">Order, window, errors and progress; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the map, as the token of <c>WithCancellation</c> does: the map cancels what is outstanding
    /// and waits for it.</param>
    /// <returns>The results, to be enumerated.</returns>
    /// <exception cref="ArgumentNullException">The troupe or the source is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static IAsyncEnumerable<TOut> MapAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe,
        IEnumerable<TIn> source,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return new AsyncMapSequence<TOut>((turn, ofTheEnumeration) =>
        {
            var tokens = new MapTokens(map, cancellationToken, ofTheEnumeration);
            return MapResults.ValuesAsync(AsyncMapReader<TIn, TOut>.Read(troupe, source, map, tokens, turn), map.Errors, tokens, turn);
        });
    }

    /// <inheritdoc cref="MapAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    /// <remarks>The source gets a token that fires when the map ends or stops reading. The map never waits for a source that obeys
    /// it.</remarks>
    [OverloadResolutionPriority(1)]   // for a source that is both
    public static IAsyncEnumerable<TOut> MapAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe,
        IAsyncEnumerable<TIn> source,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return new AsyncMapSequence<TOut>((turn, ofTheEnumeration) =>
        {
            var tokens = new MapTokens(map, cancellationToken, ofTheEnumeration);
            return MapResults.ValuesAsync(AsyncMapReader<TIn, TOut>.Read(troupe, source, map, tokens, turn), map.Errors, tokens, turn);
        });
    }

    /// <summary>Maps a sequence without blocking; errors are values: an error of a task is never thrown.</summary>
    /// <inheritdoc cref="MapAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    public static IAsyncEnumerable<TinyOutcome<TIn, TOut>> MapOutcomesAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe,
        IEnumerable<TIn> source,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return new AsyncMapSequence<TinyOutcome<TIn, TOut>>((turn, ofTheEnumeration) =>
        {
            var tokens = new MapTokens(map, cancellationToken, ofTheEnumeration);
            return MapResults.OutcomesAsync(AsyncMapReader<TIn, TOut>.Read(troupe, source, map, tokens, turn));
        });
    }

    /// <inheritdoc cref="MapOutcomesAsync{TIn, TOut}(ITinyTroupe{TIn, TOut}, IEnumerable{TIn}, MapOptions?, CancellationToken)"/>
    [OverloadResolutionPriority(1)]   // for a source that is both
    public static IAsyncEnumerable<TinyOutcome<TIn, TOut>> MapOutcomesAsync<TIn, TOut>(
        this ITinyTroupe<TIn, TOut> troupe,
        IAsyncEnumerable<TIn> source,
        MapOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var map = Checked(troupe, source, options);
        return new AsyncMapSequence<TinyOutcome<TIn, TOut>>((turn, ofTheEnumeration) =>
        {
            var tokens = new MapTokens(map, cancellationToken, ofTheEnumeration);
            return MapResults.OutcomesAsync(AsyncMapReader<TIn, TOut>.Read(troupe, source, map, tokens, turn));
        });
    }

    private static MapOptions Checked<TIn, TOut>(ITinyTroupe<TIn, TOut> troupe, object source, MapOptions? options)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        ArgumentNullException.ThrowIfNull(source);
        return MapOptions.Checked(options);
    }
}
