namespace TinyWorker.Streaming;

/// <summary>
/// Tells an <see cref="IProgress{T}"/> how far a map has come. The tasks only count; a timer looks at the counts ten times a second.
/// An <see cref="IMapViewer"/> is also told when the map begins and ends.
/// </summary>
/// <remarks>
/// The map owns the reporter, and ends it. Whoever reports must hold <c>_reporting</c>. The timer's callback skips its report if another
/// holds it. The end first writes <c>_last</c> and then waits for a report under way, so that no report comes after the last one. But the
/// code of that report may itself wait for the consumer, or be what ends the map. So the end waits for a second at the most, and not at all
/// on the reporting thread; then the holder, which looks at <c>_last</c> after its report, makes the last one. The timer holds the reporter
/// weakly: if an enumeration is dropped and never disposed, it is collected, and the timer with it.
/// </remarks>
#pragma warning disable CA1001 // End() disposes the timer; the semaphore has no handle.
internal sealed class ProgressReporter
#pragma warning restore CA1001
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly IProgress<MapProgress> _progress;
    private readonly IMapView? _view;   // set if the progress is an IMapViewer
    private readonly long? _total;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly SemaphoreSlim _reporting = new(1);
    private readonly Timer _timer;

    // Counted where tasks end, so that progress moves also while the consumer is slow.
    private long _ended;
    private long _endedFaulted;

    // Counted by the consumer, for the last report: the consumer may see the end of a task before the task counts it.
    private long _consumed;
    private long _consumedFaulted;

    private long _reported;            // for who holds _reporting: the last count that was reported
    private bool _isOver;              // for who holds _reporting: set once, by the last report
    private int _reportingThread;      // the thread that runs the user's code now; 0 for none
    private object? _last;             // a MapProgress: set once, at the end
    private bool _ignoresFailures;     // set once, before the map cancels what is outstanding

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

        // The timer outlives this call by far: it must not keep the values of the caller's context. (To suppress the flow twice is an
        // error.)
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _timer = new Timer(OnTimer, new WeakReference<ProgressReporter>(this), Interval, Interval);
    }

    /// <summary>From now on failures do not count: the map has cancelled its tasks because nobody wants them.</summary>
    public void IgnoreFailures() => Volatile.Write(ref _ignoresFailures, true);

    /// <summary>Counts a task that has ended. Called by the thread that ended it.</summary>
    public void CountEnded(bool faulted)
    {
        if (faulted && Volatile.Read(ref _ignoresFailures)) return;
        Interlocked.Increment(ref _ended);
        if (faulted) Interlocked.Increment(ref _endedFaulted);
    }

    /// <summary>Counts a task that has ended. Called by the consumer, who sees each task sooner or later.</summary>
    public void CountConsumed(bool faulted)
    {
        _consumed++;
        if (faulted) _consumedFaulted++;
    }

    /// <summary>Makes the last report. The map calls it, or <see cref="EndAsync"/>, once.</summary>
    public void End()
    {
        var patience = BeginEnd();
        if (_reporting.Wait(patience)) ReportLastAndRelease();
    }

    /// <inheritdoc cref="End"/>
    public async ValueTask EndAsync()
    {
        var patience = BeginEnd();
        if (await _reporting.WaitAsync(patience).ConfigureAwait(false)) ReportLastAndRelease();
    }

    private static void OnTimer(object? weakReporter)
    {
        if (((WeakReference<ProgressReporter>)weakReporter!).TryGetTarget(out var reporter)) reporter.ReportOnTime();
    }

    private TimeSpan BeginEnd()
    {
        _timer.Dispose();   // does not wait for its callback, which may be what ends the map
        Volatile.Write(ref _last, new MapProgress(_consumed, _consumedFaulted, _total, TimeProvider.System.GetElapsedTime(_started)));
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _reportingThread) == Environment.CurrentManagedThreadId ? TimeSpan.Zero : Patience;
    }

    private void ReportOnTime()
    {
        if (!_reporting.Wait(0)) return;   // the report before takes long
        if (_isOver)
        {
            _reporting.Release();
            return;
        }

        if (_view is not null)
        {
            Report(() => _view.Show(Now()));
        }
        else if (Interlocked.Read(ref _ended) is var ended && ended != _reported)
        {
            _reported = ended;
            Report(() => _progress.Report(Now()));
        }

        ReportLastAndRelease();
        // The end may have lost its patience after this looked at _last and before it released.
        if (Volatile.Read(ref _last) is not null && _reporting.Wait(0)) ReportLastAndRelease();
    }

    // To be called by who holds _reporting.
    private void ReportLastAndRelease()
    {
        if (!_isOver && Volatile.Read(ref _last) is MapProgress last)
        {
            _isOver = true;
            Report(() =>
            {
                if (_view is null) _progress.Report(last);
                else _view.End(last);
            });
        }

        _reporting.Release();
    }

    private void Report(Action report)
    {
        Volatile.Write(ref _reportingThread, Environment.CurrentManagedThreadId);
        Guarded(report);
        Volatile.Write(ref _reportingThread, 0);
    }

    private MapProgress Now()
    {
        var faulted = Interlocked.Read(ref _endedFaulted);   // read first: no report may have more failures than tasks
        return new MapProgress(Interlocked.Read(ref _ended), faulted, _total, TimeProvider.System.GetElapsedTime(_started));
    }

    private static void Guarded(Action report)
    {
        try
        {
            report();
        }
        catch (Exception e)
        {
            _ = Task.FromException(e);   // raised through TaskScheduler.UnobservedTaskException
        }
    }
}

/// <summary>
/// A progress that shows each map apart, for the library's own packages. A report alone does not say which map it is about, if two maps
/// share the options, nor whether it is the last.
/// </summary>
internal interface IMapViewer
{
    /// <summary>A map has begun.</summary>
    IMapView Begin(MapProgress first);
}

/// <summary>What shows one map. Called by one thread at a time.</summary>
internal interface IMapView
{
    /// <summary>How far the map has come. Called at every look, also if nothing has changed but the time.</summary>
    void Show(MapProgress progress);

    /// <summary>The map has ended, in whatever way. Called once, last.</summary>
    void End(MapProgress last);
}
