namespace TinyWorker.Streaming;

/// <summary>
/// Tells an <see cref="IProgress{T}"/> how far a map has come. Counting is all that the tasks pay for; a timer looks at the counts ten times
/// a second. An <see cref="IMapViewer"/> is told of the map's begin and end as well. Owned by the map, which disposes it: first the timer, its callback waited for, then the last report is made.
/// </summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IProgress<MapProgress> _progress;
    private readonly IMapView? _view;   // where the progress shows each map apart
    private readonly long? _total;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly ITimer _timer;
    private long _completed;
    private long _faulted;
    private long _tallied;       // for the consumer; in the end those of all items, and what the last report tells
    private long _talliedFaulted;
    private long _reported;      // for the one who reports: the last count told
    private bool _isLeaving;     // set once, before what is outstanding is cancelled
    private int _isReporting;    // 1 while the timer's callback reports, so that the next does not

    public ProgressReporter(IProgress<MapProgress> progress, long? total)
    {
        _progress = progress;
        _total = total;
        if (progress is IMapViewer viewer)
        {
            IMapView? view = null;
            Guarded(() => view = viewer.Begin(Now()));
            _view = view;
        }

        _timer = TimeProvider.System.CreateTimer(static self => ((ProgressReporter)self!).OnTimer(), this, Interval, Interval);
    }

    /// <summary>From now on failures are the leaving's own: tasks that are cancelled because nobody wants them.</summary>
    public void Leave() => Volatile.Write(ref _isLeaving, true);

    public void Count(bool faulted)
    {
        if (faulted && Volatile.Read(ref _isLeaving)) return;
        Interlocked.Increment(ref _completed);
        if (faulted) Interlocked.Increment(ref _faulted);
    }

    /// <summary>Counts again, on the consumer's thread alone, what has left the window: the ends' own counts may come after that.</summary>
    public void Tally(bool faulted)
    {
        _tallied++;
        if (faulted) _talliedFaulted++;
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        var last = new MapProgress(_tallied, _talliedFaulted, _total, TimeProvider.System.GetElapsedTime(_started));
        Guarded(() =>
        {
            if (_view is null) _progress.Report(last);
            else _view.End(last);
        });
    }

    private void OnTimer()
    {
        if (Interlocked.Exchange(ref _isReporting, 1) != 0) return;   // the last report takes long
        if (_view is not null)
        {
            Guarded(() => _view.Show(Now()));
        }
        else if (Interlocked.Read(ref _completed) is var completed && completed != _reported)
        {
            _reported = completed;
            Guarded(() => _progress.Report(Now()));
        }

        Volatile.Write(ref _isReporting, 0);
    }

    private MapProgress Now()
    {
        var faulted = Interlocked.Read(ref _faulted);   // first: no report has more failures than tasks
        return new MapProgress(Interlocked.Read(ref _completed), faulted, _total, TimeProvider.System.GetElapsedTime(_started));
    }

    private static void Guarded(Action report)
    {
        try
        {
            report();
        }
        catch (Exception e)
        {
            _ = Task.FromException(e);   // whoever watches for unobserved exceptions hears of it
        }
    }
}
