using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// What was sent on a channel and is not confirmed, by the number that the broker's answers name. A ring that grows when an old message stays
/// unconfirmed while many later ones pass it. Not thread-safe.
/// </summary>
/// <param name="maxCount">How many messages it may hold.</param>
internal sealed class SentMessages(int maxCount)
{
    /// <summary>A message counts as overtaken if one that was sent later was confirmed as many sweeps ago.</summary>
    internal const int SweepsUntilOvertaken = 10;

    private const int MaxSpan = 1 << 20; // numbers between the oldest and the newest; 8 MB
    private readonly HashSet<ulong> _returned = [];
    private readonly ulong[] _confirmedAtSweep = new ulong[SweepsUntilOvertaken]; // the highest number then; a ring
    private Publication?[] _ring = new Publication?[64];
    private ulong _oldest = 1; // the lowest number that may be there
    private ulong _next = 1;
    private ulong _highestConfirmed;
    private int _sweep;

    public int Count { get; private set; }

    /// <summary>Notes that this message is the next to be sent.</summary>
    /// <returns>False if there is no room.</returns>
    public bool TryAdd(Publication publication)
    {
        if (Count == maxCount) return false;
        if (_next - _oldest == (ulong)_ring.Length && !TryGrow()) return false;
        Slot(_next++) = publication;
        Count++;
        return true;
    }

    /// <summary>Takes out the newest message, which could not be sent: its number goes to the next one.</summary>
    public void TakeBack(Publication publication)
    {
        if (_next == _oldest || Slot(_next - 1) != publication) throw new InvalidOperationException("It is not the newest one.");
        Slot(--_next) = null;
        Count--;
        AdvanceOldest();
    }

    /// <summary>The broker returned the message with this id; its confirm follows.</summary>
    public void MarkReturned(string messageId)
    {
        // The oldest of that id: the broker answers for one queue in order. Most often it is the first that is looked at.
        for (var number = _oldest; number < _next; number++)
        {
            if (Slot(number) is not { } publication || publication.Properties.MessageId != messageId) continue;
            if (_returned.Add(number)) return;
        }
    }

    /// <summary>Takes out what an answer of the broker is about.</summary>
    public void Take(ulong number, bool multiple, PublishOutcome outcome, List<(Publication Publication, PublishOutcome Outcome)> taken)
    {
        if (number >= _next) return; // of nothing that was sent
        if (number > _highestConfirmed) _highestConfirmed = number;
        if (multiple)
        {
            for (var each = _oldest; each <= number; each++) TakeOne(each, outcome, taken);
        }
        else if (number >= _oldest)
        {
            TakeOne(number, outcome, taken);
        }

        AdvanceOldest();
        AssertInvariants();
    }

    /// <summary>Takes out, as lost, what later messages have overtaken for too long. Called once for each sweep.</summary>
    public void TakeOvertaken(List<(Publication Publication, PublishOutcome Outcome)> taken)
    {
        var before = _confirmedAtSweep[_sweep];
        _confirmedAtSweep[_sweep] = _highestConfirmed;
        _sweep = (_sweep + 1) % SweepsUntilOvertaken;
        for (var number = _oldest; number < before; number++) TakeOne(number, PublishOutcome.Lost, taken);
        AdvanceOldest();
    }

    /// <summary>Takes out everything, as lost.</summary>
    public void TakeAll(List<(Publication Publication, PublishOutcome Outcome)> taken)
    {
        _returned.Clear();
        for (var number = _oldest; number < _next; number++) TakeOne(number, PublishOutcome.Lost, taken);
        AdvanceOldest();
        Debug.Assert(Count == 0, "something is left");
    }

    /// <summary>Begins anew, for another channel. There must be nothing in it.</summary>
    public void Restart()
    {
        Debug.Assert(Count == 0, "the numbers of another channel would end these");
        (_oldest, _next, _highestConfirmed) = (1, 1, 0);
        Array.Clear(_confirmedAtSweep);
        _returned.Clear();
    }

    private ref Publication? Slot(ulong number) => ref _ring[number & (ulong)(_ring.Length - 1)];

    private void TakeOne(ulong number, PublishOutcome outcome, List<(Publication Publication, PublishOutcome Outcome)> taken)
    {
        ref var slot = ref Slot(number);
        if (slot is not { } publication) return; // it was answered before
        slot = null;
        Count--;
        // What could be delivered to no queue is confirmed all the same.
        if (_returned.Count > 0 && _returned.Remove(number) && outcome == PublishOutcome.Stored) outcome = PublishOutcome.Returned;
        taken.Add((publication, outcome));
    }

    private void AdvanceOldest()
    {
        while (_oldest < _next && Slot(_oldest) is null) _oldest++;
    }

    private bool TryGrow()
    {
        if (_ring.Length == MaxSpan) return false;
        var old = _ring;
        _ring = new Publication?[old.Length * 2];
        for (var number = _oldest; number < _next; number++) Slot(number) = old[number & (ulong)(old.Length - 1)];
        return true;
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_oldest <= _next && _next - _oldest <= (ulong)_ring.Length, "the ring is as wide as its numbers");
        Debug.Assert(Count <= maxCount && (ulong)Count <= _next - _oldest, "each message has a number");
        Debug.Assert(Count > 0 || _oldest == _next, "nothing is left, and the oldest is not the next");
    }
}
