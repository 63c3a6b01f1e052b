using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// The last faults as text. The message of an exception is user code: it may throw, block or be long. So it is read on the pool, by one
/// thread at a time, for ten faults a second at the most: a message that blocks for ever costs that one thread, and the texts of later
/// faults.
/// </summary>
internal sealed class FaultTexts(TimeProvider clock)
{
    private const int Most = 16;
    private const int MostInASecond = 10;
    private const int LongestMessage = 1000;

    private readonly Lock _lock = new();
    private readonly Recent<TroupeFault> _texts = new(Most);               // guarded by _lock
    private readonly Queue<(Exception Exception, long At, int? Worker)> _untold = [];   // guarded by _lock
    private readonly long[] _taken = new long[MostInASecond];              // guarded by _lock: when the last ten were taken, in a ring
    private int _next;                                                     // guarded by _lock: the oldest of these
    private int _missing = MostInASecond;                                  // guarded by _lock: how many of these were never set
    private bool _isTelling;                                               // guarded by _lock: a thread of the pool reads messages

    /// <summary>Takes a fault, unless ten were taken in the last second. Calls no user code but the clock.</summary>
    public void Add(Exception exception, int? worker)
    {
        var at = clock.GetTimestamp();
        bool begins;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            if (_missing > 0) _missing--;
            else if (clock.GetElapsedTime(_taken[_next], at) < TimeSpan.FromSeconds(1)) return;
            _taken[_next] = at;
            _next = (_next + 1) % MostInASecond;
            if (_untold.Count == Most) _untold.Dequeue();
            _untold.Enqueue((exception, at, worker));
            begins = !_isTelling;
            _isTelling = true;
        }

        if (begins) Schedule.Queue(static faults => faults.Tell(), this, preferLocal: false);
    }

    public TroupeFault[] Since(ref long number)
    {
        using (Uninterrupted.Enter(_lock)) return _texts.Since(ref number);
    }

    private void Tell()
    {
        while (true)
        {
            (Exception Exception, long At, int? Worker) fault;
            Schedule.Point();
            using (Uninterrupted.Enter(_lock))
            {
                _isTelling = _untold.TryDequeue(out fault);
                if (!_isTelling) return;
            }

            var at = clock.GetUtcNow() - clock.GetElapsedTime(fault.At);
            var text = new TroupeFault(
                at, TinyWorkerMeter.ErrorTypeOf(fault.Exception) ?? "", MessageOf(fault.Exception), fault.Worker);
            using (Uninterrupted.Enter(_lock)) _texts.Add(text);
        }
    }

    private static string MessageOf(Exception exception)
    {
        var message = NestedText.MessageOf(exception);
        return message.Length <= LongestMessage ? message : message[..LongestMessage];
    }
}
