using System.Runtime.CompilerServices;

namespace TinyWorker.Streaming;

/// <summary>What a map yields of its items: results, with errors treated as the options say, or outcomes.</summary>
internal static class MapResults
{
    public static IEnumerable<TOut> Values<TIn, TOut>(IEnumerable<MapItem<TIn, TOut>> items, MapErrors errors)
    {
        var failed = new FailedItems(errors);
        using var all = items.GetEnumerator();
        while (true)
        {
            try
            {
                if (!all.MoveNext()) break;
            }
            catch (Exception e) when (failed.TryAddLast(e))
            {
                break;
            }

            if (!failed.Add(all.Current)) yield return all.Current.Future.GetResultOfCompleted();
        }

        failed.ThrowIfAny();
    }

    public static async IAsyncEnumerable<TOut> ValuesAsync<TIn, TOut>(
        IAsyncEnumerable<MapItem<TIn, TOut>> items, MapErrors errors, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var failed = new FailedItems(errors);
        await using var all = items.WithCancellation(cancellationToken).ConfigureAwait(false).GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await all.MoveNextAsync()) break;
            }
            catch (Exception e) when (failed.TryAddLast(e))
            {
                break;
            }

            if (!failed.Add(all.Current)) yield return all.Current.Future.GetResultOfCompleted();
        }

        failed.ThrowIfAny();
    }

    public static IEnumerable<TinyOutcome<TIn, TOut>> Outcomes<TIn, TOut>(IEnumerable<MapItem<TIn, TOut>> items)
    {
        foreach (var item in items) yield return item.ToOutcome();
    }

    public static async IAsyncEnumerable<TinyOutcome<TIn, TOut>> OutcomesAsync<TIn, TOut>(
        IAsyncEnumerable<MapItem<TIn, TOut>> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false)) yield return item.ToOutcome();
    }

    /// <summary>The errors that are thrown at the end, if that is how they are treated.</summary>
    private sealed class FailedItems(MapErrors errors)
    {
        private readonly List<(long Index, Exception Exception)> _failed = [];

        /// <summary>False if the item's result is to be asked for, which throws if it failed.</summary>
        public bool Add<TIn, TOut>(MapItem<TIn, TOut> item)
        {
            if (errors == MapErrors.Throw || item.Future.FailureOrNull is not { } failure) return false;
            _failed.Add((item.Index, failure.Exception));
            return true;
        }

        /// <summary>The error that ended the map itself: it comes with those of the items, if there are any, and alone if there are none.</summary>
        public bool TryAddLast(Exception exception)
        {
            if (_failed.Count == 0 || exception is OperationCanceledException) return false;
            _failed.Add((long.MaxValue, exception));
            return true;
        }

        public void ThrowIfAny()
        {
            if (_failed.Count == 0) return;
            _failed.Sort(static (a, b) => a.Index.CompareTo(b.Index));
            throw new AggregateException($"{_failed.Count} errors in a map.", _failed.Select(static item => item.Exception));
        }
    }
}
