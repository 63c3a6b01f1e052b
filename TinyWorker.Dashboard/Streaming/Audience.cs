using System.Diagnostics;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.Sampling;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Streaming;

/// <summary>
/// Those who watch, and the one who looks for all of them. While nobody watches there is no timer, no watch of a troupe, and no work. With
/// the first viewer begins a session, which looks after each interval; it ends with the last viewer, who waits for its end. Thread-safe.
/// </summary>
/// <remarks>
/// The lock guards the looks and the session. A session looks only while it is the one that the field holds, so that nothing is watched
/// any more once the last viewer has left. A viewer takes the latest tick when it is ready for one: one that is slow misses ticks, holds up
/// nobody, and keeps no more than the tick that it writes.
/// </remarks>
internal sealed class Audience(DashboardSettings settings, TimeProvider clock, ILogger logger)
{
    private const int WordsEvery = 5;   // looks
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.2);

    private readonly Lock _lock = new();
    private readonly Looks _looks = new(settings, clock, logger);
    private readonly EventWriter _writer = new(settings);

    // Guarded by _lock:
    private Session? _session;   // while somebody watches
    private int _viewers;
    private int _controllers;    // of the viewers, those who may control
    private Tick? _latest;       // of the session
    private View? _view;         // of the last look
    private long _viewedAt;
    private TaskCompletionSource _next = NewSource();   // ends with the next tick

    /// <summary>One more watches, unless as many do as may. Each is to leave once.</summary>
    public bool TryJoin(bool mayControl)
    {
        lock (_lock)
        {
            AssertInvariants();
            if (_viewers == settings.MaxViewers) return false;
            _session ??= Begin();
            _viewers++;
            if (mayControl) _controllers++;
            return true;
        }
    }

    /// <summary>A viewer leaves. The task ends when what nobody needs any more has ended.</summary>
    public Task LeaveAsync(bool mayControl)
    {
        lock (_lock)
        {
            AssertInvariants();
            if (mayControl) _controllers--;
            if (--_viewers > 0) return Task.CompletedTask;
            var session = _session!;
            (_session, _latest, _view) = (null, null, null);
            _looks.EndWatches();
            session.Timer.Dispose();
            return session.Ended;
        }
    }

    /// <summary>The latest tick, if there is one, and a task that ends when there is a later one.</summary>
    public (Tick? Latest, Task Next) Latest()
    {
        lock (_lock) return (_latest, _next.Task);
    }

    /// <summary>
    /// All there is to know, with the words and the histories. While somebody watches it is what the last look saw; else there is a look of
    /// its own, unless there was one a moment ago.
    /// </summary>
    public DashboardState Now(bool mayControl, string? token)
    {
        var living = _looks.Living();
        lock (_lock)
        {
            var age = clock.GetElapsedTime(_viewedAt);
            var isStale = _session is null && (age >= Moment || age < TimeSpan.Zero);   // somebody's clock may go back
            var view = _view is null || isStale ? Look_NeedsLock(living, hasWords: true) : _view;
            var histories = _looks.Histories(living);
            return _writer.Envelope(view, mayControl) with
            {
                Token = token,
                Links = view.Links,
                Troupes = [.. view.Troupes.Select(troupe => troupe with { History = histories.GetValueOrDefault(troupe.Id, []) })],
            };
        }
    }

    /// <summary>A troupe that may be shown, by its id; null if there is none.</summary>
    public ITroupe? Find(int id) => _looks.Living().FirstOrDefault(troupe => TroupeIds.Of(troupe) == id);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The session outlives the request that begins it, and takes nothing of it along.
    private Session Begin()
    {
        using (ExecutionContext.SuppressFlow())
        {
            var session = new Session(new PeriodicTimer(settings.Interval, clock));
            session.Ended = Task.Run(() => RunAsync(session));
            return session;
        }
    }

    private async Task RunAsync(Session session)
    {
        do
        {
            try
            {
                LookFor(session);
            }
            catch (Exception exception)
            {
                Report(exception);   // the clock or the names are other people's
            }
        }
        while (await session.Timer.WaitForNextTickAsync());
    }

    private void Report(Exception exception)
    {
        try
        {
            Log.LookFailed(logger, exception);
        }
        catch (Exception)
        {
            // A logger that throws keeps nobody from the next look.
        }
    }

    private void LookFor(Session session)
    {
        var living = _looks.Living();
        View view;
        bool mayControl;
        lock (_lock)
        {
            AssertInvariants();
            if (session != _session) return;
            view = Look_NeedsLock(living, hasWords: session.Looks++ % WordsEvery == 0);
            mayControl = _controllers == _viewers;
        }

        // Once for all viewers
        var tick = new Tick(session.Looks, _writer.Write(view, mayControl));
        TaskCompletionSource next;
        lock (_lock)
        {
            if (session != _session) return;
            _latest = tick;
            (next, _next) = (_next, NewSource());
        }

        next.SetResult();
    }

    private View Look_NeedsLock(IReadOnlyList<ITroupe> living, bool hasWords)
    {
        _view = _looks.Look(living, isWatched: _session is not null, hasWords);
        _viewedAt = clock.GetTimestamp();
        return _view;
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_viewers >= 0 && _viewers <= settings.MaxViewers, "No more watch than may.");
        Debug.Assert(_controllers >= 0 && _controllers <= _viewers, "Who may control is a viewer.");
        Debug.Assert(_session is not null == _viewers > 0, "There is a session while somebody watches.");
        Debug.Assert(_latest is null || _session is not null, "A tick is of a session.");
    }

    private sealed class Session(PeriodicTimer timer)
    {
        public PeriodicTimer Timer => timer;

        /// <summary>How many looks there were; of the session alone.</summary>
        public int Looks { get; set; }

        /// <summary>Set before anybody else can see the session.</summary>
        public Task Ended { get; set; } = Task.CompletedTask;
    }
}
