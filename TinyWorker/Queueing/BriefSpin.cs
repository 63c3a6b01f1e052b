using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// How a thread looks out for something before it sleeps. Two threads that spin hand over in well under a microsecond, through the kernel
/// it takes fifty: some ten microseconds of looking cover the gap between two tasks of a busy troupe. The core is kept meanwhile: to offer
/// it to others (Thread.Yield) was tried, and costs a whole time slice wherever another process is ready to run.
/// </summary>
internal struct BriefSpin
{
    private static readonly int Rounds = Environment.ProcessorCount > 1 ? 300 : 0;   // on one core spinning only delays the other thread

    private int _round;

    /// <summary>False when it is time to sleep.</summary>
    public bool TryOnce()
    {
        if (_round >= Schedule.Scale(Rounds, 2)) return false;
        _round++;
        Schedule.Point();
        Thread.SpinWait(2);
        return true;
    }
}
