namespace TinyWorker.Streaming;

/// <summary>
/// Tells an <see cref="IProgress{T}"/> how far a map has come. Counting is all that the tasks pay for; a timer looks at the counts ten times
/// a second. Owned by the map, which disposes it: first the timer, its callback waited for, then the last report is made.
/// </summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IProgress<MapProgress> _progress;
    private readonly long? _total;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly ITimer _timer;
    private long _completed;
    private long _faulted;
    private long _reported;      // for the one who reports: the last count told
    private int _isReporting;    // 1 while the timer's callback reports, so that the next does not

    public ProgressReporter(IProgress<MapProgress> progress, long? total)
    {
        _progress = progress;
        _total = total;
        _timer = TimeProvider.System.CreateTimer(static self => ((ProgressReporter)self!).OnTimer(), this, Interval, Interval);
    }

    public void Count(bool faulted)
    {
        if (faulted) Interlocked.Increment(ref _faulted);
        Interlocked.Increment(ref _completed);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        Report();
    }

    private void OnTimer()
    {
        if (Interlocked.Exchange(ref _isReporting, 1) != 0) return;   // the last report takes long
        if (Interlocked.Read(ref _completed) != _reported) Report();
        Volatile.Write(ref _isReporting, 0);
    }

    private void Report()
    {
        _reported = Interlocked.Read(ref _completed);
        try
        {
            _progress.Report(new MapProgress(_reported, Interlocked.Read(ref _faulted), _total, TimeProvider.System.GetElapsedTime(_started)));
        }
        catch (Exception e)
        {
            _ = Task.FromException(e);   // whoever watches for unobserved exceptions hears of it
        }
    }
}
