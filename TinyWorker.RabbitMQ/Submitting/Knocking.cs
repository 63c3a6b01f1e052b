using System.Diagnostics;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>
/// The line of the tasks that the broker has rejected because its queue was full, and of those that came meanwhile. A few of them knock now
/// and then. When one is let in, more follow at once. (If all tried all the time, the broker would reject four times as many as it takes.)
/// </summary>
/// <remarks>
/// Thread-safe. Its lock may be entered under that of a request, and nothing is called under it. While the line is closed (somebody was
/// rejected, and it has not run empty since), something will move it: the end of a knock that is under way, or the timer. A link has a
/// round of its own: what is left of the round before counts for nothing.
/// </remarks>
internal sealed class Knocking(TimeProvider timeProvider)
{
    private const int FewKnocks = 4;
    private const int MostKnocks = 1 << 16;
    private const int ShortestPause = 20;    // milliseconds
    private const int LongestPause = 50;

    private readonly Lock _lock = new();
    private readonly Queue<(Request Request, long Number)> _line = [];   // guarded by _lock, as all below
    private int _round = 1;
    private bool _isClosed;          // whoever comes joins the line
    private int _width = FewKnocks;  // how many may knock at a time
    private int _knocking;           // how many do
    private bool _isTimerSet;
    private ITimer? _timer;
    private bool _isEnded;           // set once

    /// <summary>The round of this link, from 1.</summary>
    public int Round
    {
        get
        {
            lock (_lock) return _round;
        }
    }

    /// <summary>Whether the broker rejects at the moment.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Whether a task may be sent at once. Else it has joined the line.</summary>
    public bool MayPass(Request request, long number, out int round)
    {
        round = 0;
        if (!IsClosed) return true;
        lock (_lock)
        {
            if (!_isClosed) return true;
            _line.Enqueue((request, number));
            round = _round;
            return false;
        }
    }

    /// <summary>A task was rejected: it joins the line.</summary>
    /// <returns>The round.</returns>
    public int Add(Request request, long number)
    {
        lock (_lock)
        {
            Volatile.Write(ref _isClosed, true);
            _line.Enqueue((request, number));
            return _round;
        }
    }

    /// <summary>A message has ended. Called after a rejected one has joined the line.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="knockRound">The round in which it knocked; 0 if it did not.</param>
    public void Note(PublishOutcome outcome, int knockRound)
    {
        if (outcome != PublishOutcome.Rejected && knockRound == 0 && !IsClosed) return;
        lock (_lock)
        {
            var isKnock = knockRound == _round;
            if (isKnock) _knocking--;
            switch (outcome)
            {
                case PublishOutcome.Stored:
                    if (isKnock) _width = Math.Min(MostKnocks, _width * 2);
                    break;
                case PublishOutcome.Rejected:
                    _width = FewKnocks;
                    Volatile.Write(ref _isClosed, true);
                    break;
            }
        }

        if (outcome == PublishOutcome.Stored) Move();
        else Pause();
    }

    /// <summary>There is a new link: everybody tries at once, and those in the line are to be sent by whoever says so.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _line.Clear();
            _round++;
            (_knocking, _width) = (0, FewKnocks);
            Volatile.Write(ref _isClosed, false);
        }
    }

    /// <summary>Ends the timer.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            _timer?.Dispose();
        }
    }

    /// <summary>Lets as many knock as may.</summary>
    private void Move()
    {
        while (true)
        {
            (Request Request, long Number) next;
            int round;
            lock (_lock)
            {
                if (_line.Count == 0)
                {
                    if (_knocking == 0) Volatile.Write(ref _isClosed, false);
                    return;
                }

                if (_knocking >= _width) return;
                next = _line.Dequeue();
                _knocking++;
                round = _round;
            }

            if (next.Request.Knock(next.Number, round)) continue;
            lock (_lock)
            {
                if (round == _round) _knocking--;
                Debug.Assert(_knocking >= 0, "each knock ends once");
            }
        }
    }

    private void Pause()
    {
        ITimer timer;
        lock (_lock)
        {
            if (_isTimerSet || _isEnded) return;
            _isTimerSet = true;
            timer = _timer ??= timeProvider.CreateTimer(
                static line => ((Knocking)line!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        timer.Change(TimeSpan.FromMilliseconds(Random.Shared.Next(ShortestPause, LongestPause)), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_lock) _isTimerSet = false;
        Move();
        lock (_lock)
        {
            if (_line.Count == 0 || _knocking > 0) return;
        }

        Pause();   // nobody could be sent: there is no link at the moment
    }
}
