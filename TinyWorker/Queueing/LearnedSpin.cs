namespace TinyWorker.Queueing;

/// <summary>
/// Spins only where that has paid lately. A consumer of tiny items finds the next in time; one whose items take longer than the spin would
/// only keep the core from those who work on them. Each miss doubles the number of waits that go to sleep at once, up to 64.
/// </summary>
internal sealed class LearnedSpin
{
    private const int MostSkipped = 64;

    private int _toSkip;       // waits that are not to spin
    private int _lastSkipped;  // how many the last miss cost

    /// <summary>False if it is time to sleep.</summary>
    public bool TryUntil(Func<bool> isThere)
    {
        if (_toSkip > 0)
        {
            _toSkip--;
            return isThere();
        }

        for (var spin = default(BriefSpin); spin.TryOnce();)
        {
            if (!isThere()) continue;
            _lastSkipped = 0;
            return true;
        }

        _toSkip = _lastSkipped = Math.Clamp(_lastSkipped * 2, 1, MostSkipped);
        return false;
    }
}
