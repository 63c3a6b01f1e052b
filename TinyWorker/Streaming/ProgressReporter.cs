namespace TinyWorker.Streaming;

/// <summary>
/// Tells an <see cref="IProgress{T}"/> how far a map has come. Counting is all that the tasks pay for; a timer looks at the counts ten times
/// a second. An <see cref="IMapViewer"/> is told of the map's begin and end as well.
/// </summary>
/// <remarks>
/// Owned by the map, which ends it. Who reports holds the turn: the timer's callback, which lets it pass if another has it; at last the map,
/// which waits for it and never gives it back, so that nothing is told after the last report. The timer knows the reporter weakly: an
/// enumeration that was dropped and never disposed is collected, and the timer with it.
/// </remarks>
#pragma warning disable CA1001 // End() disposes the timer; the semaphore has no handle.
internal sealed class ProgressReporter
#pragma warning restore CA1001
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IProgress<MapProgress> _progress;
    private readonly IMapView? _view;   // where the progress shows each map apart
    private readonly long? _total;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Timer _timer;
    private long _completed;         // by the ends of the tasks: the bar moves also while the consumer is slow
    private long _faulted;
    private long _tallied;           // by the consumer: an end may be seen before it is counted, so the last report tells these
    private long _talliedFaulted;
    private long _reported;      // for who has the turn: the last count told
    private bool _isLeaving;     // set once, before what is outstanding is cancelled

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

        // The timer outlives this call by far: what the enumerating code carries is not for it. (To suppress it twice is an error.)
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _timer = new Timer(OnTimer, new WeakReference<ProgressReporter>(this), Interval, Interval);
    }

    /// <summary>From now on failures are the leaving's own: tasks that are cancelled because nobody wants them.</summary>
    public void Leave() => Volatile.Write(ref _isLeaving, true);

    /// <summary>A task has ended; told where it ends.</summary>
    public void Count(bool faulted)
    {
        if (faulted && Volatile.Read(ref _isLeaving)) return;
        Interlocked.Increment(ref _completed);
        if (faulted) Interlocked.Increment(ref _faulted);
    }

    /// <summary>A task has ended; told by the consumer, who sees each of them sooner or later.</summary>
    public void Tally(bool faulted)
    {
        _tallied++;
        if (faulted) _talliedFaulted++;
    }

    /// <summary>Makes the last report. To be called once, by the map or in its <see cref="EndAsync"/> form.</summary>
    public void End()
    {
        _timer.Dispose();
        _turn.Wait();
        ReportLast();
    }

    /// <inheritdoc cref="End"/>
    public async ValueTask EndAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        ReportLast();
    }

    private static void OnTimer(object? weakReporter)
    {
        if (((WeakReference<ProgressReporter>)weakReporter!).TryGetTarget(out var reporter)) reporter.ReportOnTime();
    }

    private void ReportOnTime()
    {
        if (!_turn.Wait(0)) return;   // the last report takes long, or it was the very last
        if (_view is not null)
        {
            Guarded(() => _view.Show(Now()));
        }
        else if (Interlocked.Read(ref _completed) is var completed && completed != _reported)
        {
            _reported = completed;
            Guarded(() => _progress.Report(Now()));
        }

        _turn.Release();
    }

    private void ReportLast()
    {
        var last = new MapProgress(_tallied, _talliedFaulted, _total, TimeProvider.System.GetElapsedTime(_started));
        Guarded(() =>
        {
            if (_view is null) _progress.Report(last);
            else _view.End(last);
        });
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
