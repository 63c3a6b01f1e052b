using System.Runtime.CompilerServices;

namespace TinyWorker.Streaming;

/// <summary>A map that owns its troupe: made when the first item is asked for, disposed when the enumeration ends.</summary>
internal static class OneShotMap
{
    public static IEnumerable<TOut> Values<TIn, TOut>(Func<TinyTroupe<TIn, TOut>> make, IEnumerable<TIn> source, MapOptions options)
    {
        using var troupe = make();
        foreach (var result in troupe.Map(source, options)) yield return result;
    }

    public static async IAsyncEnumerable<TOut> ValuesAsync<TIn, TOut>(
        Func<TinyTroupe<TIn, TOut>> make,
        Func<TinyTroupe<TIn, TOut>, MapOptions, CancellationToken, IAsyncEnumerable<TOut>> map,
        MapOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var troupe = make();
        await using var _ = troupe.ConfigureAwait(false);
        await foreach (var result in map(troupe, options, cancellationToken).ConfigureAwait(false)) yield return result;
    }
}
