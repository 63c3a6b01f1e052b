namespace TinyWorker.Threading;

/// <summary>
/// Spins only if spinning has helped lately. A consumer of tiny items finds the next one while it spins. If items take longer than the
/// spin, it would only keep a core from the workers. Each miss doubles the number of waits that skip the spin, up to 64. Threads may share
/// it: then the numbers are estimates.
/// </summary>
internal sealed class AdaptiveSpin
{
    private const int MostSkipped = 64;

    private int _toSkip;       // how many of the next waits skip the spin
    private int _lastSkipped;  // how many waits the last miss made skip it

    /// <summary>Waits a little. False if the condition still does not hold, and the caller should sleep.</summary>
    public bool TryUntil<TState>(Func<TState, bool> isThere, TState state)
    {
        if (_toSkip > 0)
        {
            _toSkip--;
            return isThere(state);
        }

        for (var spin = default(BriefSpin); spin.TryOnce();)
        {
            if (!isThere(state)) continue;
            _lastSkipped = 0;
            return true;
        }

        _toSkip = _lastSkipped = Math.Clamp(_lastSkipped * 2, 1, MostSkipped);
        return false;
    }
}
