namespace TinyWorker.Tasks;

/// <summary>Which worker has a key. It depends on nothing but the key and the number of workers, on any machine.</summary>
internal static class KeyPlaces
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>
    /// The place of a key among so many. If there are more or fewer places, as few keys move as can be: one of n+1 moves to the new place.
    /// </summary>
    /// <remarks>Jump consistent hashing: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014
    /// (arXiv:1406.2294). The hash of the key is FNV-1a (RFC 9923) over its UTF-16 code units: string.GetHashCode differs from process to
    /// process.</remarks>
    public static int PlaceOf(string key, int places)
    {
        var hash = HashOf(key);
        long place = -1, next = 0;
        while (next < places)
        {
            place = next;
            hash = unchecked((hash * 2862933555777941757) + 1);
            next = (long)((place + 1) * ((1L << 31) / (double)((hash >> 33) + 1)));
        }

        return (int)place;
    }

    private static ulong HashOf(string key)
    {
        var hash = FnvOffset;
        foreach (var unit in key)
        {
            hash = unchecked((hash ^ (byte)unit) * FnvPrime);
            hash = unchecked((hash ^ (byte)(unit >> 8)) * FnvPrime);
        }

        return hash;
    }
}
