using TinyWorker.Diagnostics;

namespace TinyWorker.Streaming;

/// <summary>What a map yields for its items: outcomes, or results, with errors treated as the options say.</summary>
internal static class MapResults
{
    public static IEnumerable<TOut> Values<TIn, TOut>(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTurn turn)
    {
        var tokens = new MapTokens(options);
        var failed = new FailedItems(options.Errors, tokens);
        var ending = new Ending();
        var items = BlockingMapReader<TIn, TOut>.Read(troupe, source, options, tokens, turn).GetEnumerator();
        try
        {
            while (true)
            {
                TOut result;
                try
                {
                    if (!items.MoveNext()) break;
                    if (failed.Add(items.Current)) continue;
                    result = items.Current.Future.GetResultOfCompleted();
                }
                catch (Exception e) when (failed.TryAddLast(e) || ending.Note(e))
                {
                    break;
                }

                yield return result;
            }
        }
        finally
        {
            ending.Run(items.Dispose);
            ending.ThrowIfNew();
        }

        if (!turn.IsLeaving) failed.ThrowIfAny();
    }

    public static async IAsyncEnumerable<TOut> ValuesAsync<TIn, TOut>(
        IAsyncEnumerable<MapItem<TIn, TOut>> map, MapErrors errors, MapTokens tokens, MapTurn turn)
    {
        var failed = new FailedItems(errors, tokens);
        var ending = new Ending();
        var items = map.GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (true)
            {
                TOut result;
                try
                {
                    if (!await items.MoveNextAsync().ConfigureAwait(false)) break;
                    if (failed.Add(items.Current)) continue;
                    result = items.Current.Future.GetResultOfCompleted();
                }
                catch (Exception e) when (failed.TryAddLast(e) || ending.Note(e))
                {
                    break;
                }

                yield return result;
            }
        }
        finally
        {
            await ending.RunAsync(items.DisposeAsync).ConfigureAwait(false);
            ending.ThrowIfNew();
        }

        if (!turn.IsLeaving) failed.ThrowIfAny();
    }

    public static IEnumerable<TinyOutcome<TIn, TOut>> Outcomes<TIn, TOut>(
        ITinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, MapTurn turn)
    {
        var items = BlockingMapReader<TIn, TOut>.Read(troupe, source, options, new MapTokens(options), turn);
        foreach (var item in items) yield return item.ToOutcome();
    }

    public static async IAsyncEnumerable<TinyOutcome<TIn, TOut>> OutcomesAsync<TIn, TOut>(IAsyncEnumerable<MapItem<TIn, TOut>> map)
    {
        await foreach (var item in map.ConfigureAwait(false)) yield return item.ToOutcome();
    }

    /// <summary>The errors of a map that throws them at the end (<see cref="MapErrors.ThrowAtEnd"/>).</summary>
    private sealed class FailedItems(MapErrors errors, MapTokens tokens)
    {
        private readonly List<(long Index, Exception Exception)> _failed = [];
        private Exception? _last;   // the error that ended the map

        /// <summary>Adds the error of an item. False if there is none, or if errors are thrown at once: then the caller asks for the
        /// result.</summary>
        public bool Add<TIn, TOut>(MapItem<TIn, TOut> item)
        {
            if (errors == MapErrors.Throw || item.Future.FailureOrNull is not { } failure) return false;
            _failed.Add((item.Index, failure.Exception));
            return true;
        }

        /// <summary>Notes the error that ended the map itself. False if no item has failed: then that error is
        /// thrown alone. False also if the map was cancelled: nobody wants its errors.</summary>
        // A source may throw a cancellation of its own, of a request that took too long: that is an error like any other.
        public bool TryAddLast(Exception exception)
        {
            if (_failed.Count == 0 || (exception is OperationCanceledException && tokens.IsCancelled)) return false;
            _last = exception;
            return true;
        }

        /// <summary>Throws the errors of the items and, after them, that which ended the map and those that go with it.</summary>
        // To be called once the source is disposed: what its Dispose throws goes with the error that ended the map, and a filter of a catch
        // runs before the blocking map has disposed it.
        public void ThrowIfAny()
        {
            if (_failed.Count == 0) return;
            List<Exception> all = [.. _failed.OrderBy(static item => item.Index).Select(static item => item.Exception)];
            if (_last is not null) all.AddRange([_last, .. Ending.LaterThan(_last)]);
            throw new AggregateException($"{Wording.Of(all.Count, "error")} in a map.", all);
        }
    }
}
