namespace TinyWorker.Threading;

/// <summary>
/// A thread spins for some ten microseconds before it sleeps. Two threads that spin pass an item in well under a microsecond; through the
/// kernel it takes fifty. Ten microseconds cover the gap between two tasks of a busy troupe. The thread keeps its core meanwhile:
/// Thread.Yield was tried, and costs a whole time slice wherever another process is ready to run.
/// </summary>
internal struct BriefSpin
{
    private static readonly int Rounds = Environment.ProcessorCount > 1 ? 300 : 0;   // on one core spinning only delays the other thread

    private int _round;

    /// <summary>Spins a little. False when the thread should sleep.</summary>
    public bool TryOnce()
    {
        if (_round >= Schedule.Scale(Rounds, 2)) return false;
        _round++;
        Schedule.Point();
        Thread.SpinWait(2);
        return true;
    }
}
