using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>The last times of some tasks. Not thread-safe.</summary>
internal sealed class RecentTimes
{
    private const int Most = 512;

    private TimeSpan[] _times = [];   // as long as Most once there are times
    private long _added;

    public void Add(SampledTimes times)
    {
        if (times.Count == 0) return;
        if (_times.Length == 0) _times = new TimeSpan[Most];
        // They come in order of length. If there are more than fit, each second or third one is as good as all.
        var step = (times.Count + Most - 1) / Most;
        for (var i = times.Count - 1; i >= 0; i -= step) _times[_added++ % Most] = times[i];
    }

    /// <summary>Null if there are none.</summary>
    public Times? Summary()
    {
        if (_added == 0) return null;
        var times = new SampledTimes(_times.Take((int)Math.Min(_added, Most)));
        return new Times(At(0.5), At(0.9), At(0.99), At(1));

        double At(double fraction) => Math.Round(times.Percentile(fraction)!.Value.TotalSeconds, 7);
    }
}
